//! What is fetched and what is not, from a server near by that only these tests may call.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A server that gives each path its answer, and how often it was called.
async fn server(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default();
            // Whoever has read enough hangs up.
            let _ = stream.write_all(&answer(path)).await;
        }
    });
    (port, calls)
}

fn told(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn moved(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

/// This machine as 127.0.0.1 and no other address of it.
fn here(address: IpAddr) -> bool {
    address == IpAddr::from([127, 0, 0, 1])
}

#[tokio::test]
async fn a_picture_comes_also_from_where_it_moved() {
    let (port, _) = server(|path| match path {
        "/a" => told("image/png; charset=x", b"picture"),
        "/moved" => moved("/a"),
        "/html" => told("text/html", b"<script>"),
        "/svg" => told("image/svg+xml", b"<svg/>"),
        "/large" => told("image/png", &vec![0; LARGEST + 1]),
        "/near" => moved("http://127.0.0.2/a"),
        "/file" => moved("file:///etc/passwd"),
        _ => moved("/round"),
    })
    .await;
    let guarded = Guarded::reaching(here).unwrap();
    let get = async |path: &str| guarded.picture(&format!("http://127.0.0.1:{port}{path}")).await;
    assert_eq!(get("/a").await.unwrap(), b"picture");
    assert_eq!(get("/moved").await.unwrap(), b"picture");
    for (path, kind) in [
        ("/html", "rejected"),
        ("/svg", "rejected"),
        ("/large", "rejected"),
        ("/near", "rejected"),
        ("/file", "rejected"),
        ("/round", "unavailable"),
    ] {
        assert_eq!(get(path).await.unwrap_err().key(), kind, "{path}");
    }
}

#[tokio::test]
async fn nothing_near_by_is_called() {
    let (port, calls) = server(|_| told("image/png", b"picture")).await;
    let guarded = Guarded::new().unwrap();
    for address in [
        "http://127.0.0.1",
        "http://localhost",
        "http://localhost.",
        "http://0.0.0.0",
        "http://0",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://[::1]",
        "http://[::ffff:127.0.0.1]",
        "http://①②⑦.⓪.⓪.①",
        "http://127。0。0。1",
        "http://user:pass@127.0.0.1",
        "http://evil.test\\@127.0.0.1",
    ] {
        assert!(guarded.picture(&format!("{address}:{port}/")).await.is_err(), "{address}");
    }
    for address in
        ["file:///etc/passwd", "ftp://127.0.0.1/", "data:image/png,x", "gopher://127.0.0.1/", "", "//a", "http://"]
    {
        assert_eq!(guarded.picture(address).await.unwrap_err().key(), "rejected", "{address}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn only_public_addresses_are_called() {
    for near in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd12::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ] {
        assert!(!public(near.parse().unwrap()), "{near}");
    }
    for far in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2600:1f00::1", "2a00:1450::1", "::ffff:8.8.8.8"] {
        assert!(public(far.parse().unwrap()), "{far}");
    }
}
