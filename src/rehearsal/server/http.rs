//! HTTP/1.1 in, questions out. Connections that are to break do break.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use futures_util::stream;
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Answers, Reply};
use crate::protocol::{Answer, Question, fields};

/// A larger question is none. Letters come with files.
const LARGEST: usize = 40 << 20;

/// Answers all that is asked over a connection.
pub(super) async fn converse(stream: TcpStream, who: Arc<impl Answers>) -> io::Result<()> {
    let service = service_fn(move |request| answer(Arc::clone(&who), request));
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

type Body = BoxBody<Bytes, io::Error>;

/// An error ends the connection without an answer.
async fn answer(who: Arc<impl Answers>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST).collect().await else {
        return respond(&Answer { status: 413, headers: vec![], body: String::new() }, false);
    };
    let headers = head.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let question = Question {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: fields(head.uri.query().unwrap_or_default()),
        headers: headers.collect(),
        body: body.to_bytes().to_vec(),
        early: false,
    };
    let Reply { answer, after, half } = who.reply(question).await;
    tokio::time::sleep(after).await;
    match answer {
        Some(answer) => respond(&answer, half),
        None => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

fn respond(answer: &Answer, half: bool) -> io::Result<Response<Body>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    let whole = Bytes::copy_from_slice(answer.body.as_bytes());
    let body = if half {
        response = response.header(header::CONTENT_LENGTH, whole.len());
        broken(whole.slice(..whole.len() / 2))
    } else {
        Full::new(whole).map_err(|never: Infallible| match never {}).boxed()
    };
    response.body(body).map_err(io::Error::other)
}

/// A body that breaks off after this part.
fn broken(part: Bytes) -> Body {
    let parts = stream::unfold(Some(part), |part| async {
        match part {
            Some(part) => Some((Ok(Frame::data(part)), None)),
            None => {
                // What was written is to go out first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(io::ErrorKind::ConnectionReset.into()), None))
            }
        }
    });
    BodyExt::boxed(StreamBody::new(parts))
}
