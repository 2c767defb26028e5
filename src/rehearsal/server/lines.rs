//! A connection on which lines come and go, with the breaks that were asked for.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// A longer line is none.
const LONGEST: u64 = 64 << 10;

/// What comes.
pub(super) struct Reader(BufReader<OwnedReadHalf>);

/// What goes.
pub(super) struct Writer(OwnedWriteHalf);

pub(super) fn split(stream: TcpStream) -> (Reader, Writer) {
    let (reads, writes) = stream.into_split();
    (Reader(BufReader::new(reads)), Writer(writes))
}

fn ended() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl Reader {
    /// A line with its end.
    ///
    /// # Errors
    /// The connection ended, or nobody ends the line.
    pub(super) async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = vec![];
        (&mut self.0).take(LONGEST).read_until(b'\n', &mut line).await?;
        if line.ends_with(b"\n") { Ok(line) } else { Err(ended()) }
    }

    /// A line without its end.
    ///
    /// # Errors
    /// As in [`Reader::line`].
    pub(super) async fn words(&mut self) -> io::Result<Vec<u8>> {
        let mut line = self.line().await?;
        while line.pop_if(|byte| matches!(byte, b'\r' | b'\n')).is_some() {}
        Ok(line)
    }

    /// So many bytes.
    ///
    /// # Errors
    /// The connection ended.
    pub(super) async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await?;
        Ok(bytes)
    }
}

impl Writer {
    /// # Errors
    /// The connection ended.
    pub(super) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Says an answer after a while, all of it or the half; none ends the connection.
    ///
    /// # Errors
    /// The connection ended, perhaps because it was to.
    pub(super) async fn answer(&mut self, bytes: Option<&[u8]>, after: Duration, half: bool) -> io::Result<()> {
        tokio::time::sleep(after).await;
        let Some(bytes) = bytes else { return Err(io::ErrorKind::ConnectionReset.into()) };
        if half {
            self.say(&bytes[..bytes.len() / 2]).await?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.say(bytes).await
    }
}
