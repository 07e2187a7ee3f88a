//! A wire to a server that can be cut, mended, or made to swallow what is sent over it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq)]
struct State {
    /// New connections are refused, and open ones are closed.
    cut: bool,
    /// Connections made before this one transfer no more data.
    swallows: u32,
    /// New connections are taken, and nothing is transferred on them.
    stalls_new: bool,
}

/// The wire. It ends with its owner.
pub struct Wire {
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

impl Wire {
    /// A whole wire to the server at this address.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State { cut: false, swallows: 0, stalls_new: false });
        tokio::spawn(carry(listener, address, server, state.subscribe()));
        Self { address, state }
    }

    /// A Postgres address by way of this wire.
    pub async fn to_postgres(url: &str) -> (Self, String) {
        let (head, rest) = url.rsplit_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let wire = Self::to(server.parse().unwrap()).await;
        let url = format!("{head}@{}/{name}", wire.address);
        (wire, url)
    }

    /// As if the server were stopped: connections end, and new ones are refused.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cut = true);
    }

    pub fn mend(&self) {
        self.state.send_modify(|state| state.cut = false);
    }

    /// As if the server were too busy for new connections, and answered on those there are.
    pub fn stall_new(&self) {
        self.state.send_modify(|state| state.stalls_new = true);
    }

    /// As if something between had forgotten the connections there are: no packet of theirs arrives any more. New ones are carried.
    pub fn swallow(&self) {
        self.state.send_modify(|state| state.swallows += 1);
    }
}

async fn carry(listener: TcpListener, address: SocketAddr, server: SocketAddr, mut state: watch::Receiver<State>) {
    let mut listening = Some(listener);
    loop {
        let cut = state.borrow_and_update().cut;
        match &listening {
            Some(_) if cut => listening = None,
            None if !cut => {
                listening = TcpListener::bind(address).await.ok();
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            Some(listener) => {
                tokio::select! {
                    taken = listener.accept() => {
                        if let Ok((client, _)) = taken {
                            let (mut state, since) = (state.clone(), state.borrow().swallows);
                            tokio::spawn(async move {
                                if state.borrow().stalls_new {
                                    let _client = client;
                                    let _ = state.wait_for(|state| state.cut).await;
                                    return;
                                }
                                let Ok(server) = TcpStream::connect(server).await else { return };
                                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                                tokio::join!(
                                    copy(from_client, to_server, state.clone(), since),
                                    copy(from_server, to_client, state, since)
                                );
                            });
                        }
                        continue;
                    }
                    changed = state.changed() => if changed.is_err() { return },
                }
                continue;
            }
            None => {}
        }
        if listening.is_none() && state.changed().await.is_err() {
            return;
        }
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>, since: u32) {
    let mut piece = vec![0; 1 << 16];
    loop {
        let length = tokio::select! {
            read = from.read(&mut piece) => match read {
                Ok(length) if length > 0 => length,
                _ => return,
            },
            _ = state.wait_for(|state| state.cut) => return,
        };
        if state.borrow().swallows > since {
            // Until the end of the test, or of the wire.
            let _ = state.wait_for(|state| state.cut).await;
            return;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
