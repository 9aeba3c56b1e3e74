//! The running system that CROSSBOOK_ADDRESSES names, JSON such as {"arbitrage": "127.0.0.1:50053", …}; and a wire to it
//! that can be cut.

use std::collections::HashMap;
use std::env;

use crossbook_client::Connection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where the process listens; nothing, and it says so, where no system runs.
pub fn address(process: &str) -> Option<String> {
    let Ok(told) = env::var("CROSSBOOK_ADDRESSES") else {
        eprintln!("CROSSBOOK_ADDRESSES names no running system: make clients starts one");
        return None;
    };
    let mut addresses: HashMap<String, String> = serde_json::from_str(&told).expect("JSON");
    Some(addresses.remove(process).expect("the process"))
}

/// To the process, where a system runs.
pub fn running(process: &str) -> Option<Connection> {
    address(process).map(|address| Connection::open(&address).expect("an address"))
}

/// Passes bytes on to an address; every cut breaks all connections, as a network would.
pub struct Wire {
    pub address: String,
    cuts: watch::Sender<u32>,
}

impl Wire {
    pub async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let (cuts, told) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, target.clone(), told.clone()));
            }
        });
        Self { address, cuts }
    }

    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn pass(mut near: TcpStream, target: String, mut cuts: watch::Receiver<u32>) {
    cuts.mark_unchanged();
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = cuts.changed() => {}
    }
}
