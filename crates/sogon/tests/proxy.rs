//! Golden sessions of people behind a proxy.
#![cfg(test)]

mod cast;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
};

use cast::World;

/// A SOCKS5 proxy (RFC 1928, RFC 1929) that leads to one relay, and says whom it was asked for.
struct Socks {
    address: SocketAddr,
    asked: Receiver<String>,
    stopped: Arc<AtomicBool>,
}

impl Socks {
    fn to(relay: &str) -> Self {
        let relay: sogon_wire::RelayAddr = relay.parse().unwrap();
        let place = format!("{}:{}", relay.host(), relay.port()).parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = channel();
        let stopped = Arc::<AtomicBool>::default();
        let stop = Arc::clone(&stopped);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), false) = (client, stop.load(SeqCst)) else { continue };
                let tell = tell.clone();
                std::thread::spawn(move || serve(client, place, &tell));
            }
        });
        Self { address, asked, stopped }
    }

    fn url(&self) -> String {
        format!("socks5://{}", self.address)
    }

    /// Whom it was asked for since the last look.
    fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }

    /// Hangs up on everybody from now on.
    fn stop(&self) {
        self.stopped.store(true, SeqCst);
    }
}

fn word(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0];
    client.read_exact(&mut length).ok()?;
    let mut word = vec![0; length[0].into()];
    client.read_exact(&mut word).ok()?;
    Some(word)
}

fn serve(mut client: TcpStream, place: SocketAddr, tell: &Sender<String>) -> Option<()> {
    let mut head = [0; 4];
    client.read_exact(&mut head[..1]).ok()?;
    word(&mut client)?;
    client.write_all(&[5, 2]).ok()?;
    client.read_exact(&mut head[..1]).ok()?;
    word(&mut client)?;
    word(&mut client)?;
    client.write_all(&[1, 0]).ok()?;
    client.read_exact(&mut head).ok()?;
    let host = match head[3] {
        3 => String::from_utf8(word(&mut client)?).ok()?,
        _ => {
            let mut address = [0; 4];
            client.read_exact(&mut address).ok()?;
            std::net::Ipv4Addr::from(address).to_string()
        }
    };
    client.read_exact(&mut head[..2]).ok()?;
    tell.send(host).ok()?;
    let mut relay = TcpStream::connect(place).ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    let (mut client_in, mut relay_out) = (client.try_clone().ok()?, relay.try_clone().ok()?);
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut client_in, &mut relay_out);
        let _ = relay_out.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut relay, &mut client);
    let _ = client.shutdown(Shutdown::Write);
    up.join().ok()
}

#[test]
fn a_home_behind_a_proxy_writes_through_it_and_in_no_other_way() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let socks = Socks::to(world.address());
    assert_eq!(mina.object(&["proxy"])["proxy"], serde_json::Value::Null);
    assert!(mina.done(&["proxy", &socks.url()]).contains(&socks.url()));
    assert_eq!(mina.object(&["proxy"])["proxy"], socks.url());
    mina.done(&["send", "Joon", "through the tunnel"]);
    assert!(!socks.asked().is_empty());
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["through the tunnel"]);
    assert!(mina.done(&["doctor"]).contains("✓ relay"));
    assert!(!socks.asked().is_empty());
    // Nothing leaves when it is off, though the relay is there.
    socks.stop();
    let sent = mina.run(&["send", "Joon", "is anybody there"]);
    assert!(sent.err.contains("the proxy does not answer"), "{sent:?}");
    mina.run(&["sync"]).failed(1, "No relay answered");
    joon.done(&["sync"]);
    assert_eq!(joon.texts().len(), 1);
    // Without it again, by the owner's word.
    assert!(mina.done(&["proxy", "none"]).contains("without a proxy"));
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    assert_eq!(joon.texts().len(), 2);
}

#[test]
fn the_proxy_of_one_run_stands_in_the_command_or_in_the_environment() {
    let world = World::new();
    let mina = world.person("Mina");
    let socks = Socks::to(world.address());
    mina.done(&["--proxy", &socks.url(), "doctor"]);
    assert!(!socks.asked().is_empty());
    let mut command = mina.command(&["doctor"]);
    assert!(command.env("SOGON_PROXY", socks.url()).status().unwrap().success());
    assert!(!socks.asked().is_empty());
    mina.done(&["doctor"]);
    assert_eq!(socks.asked(), Vec::<String>::new());
    // A typing error leads nowhere.
    let mut command = mina.command(&["doctor"]);
    let ran = command.env("SOGON_PROXY", "127.0.0.1:9050").output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("SOGON_PROXY is not a proxy"));
    let named = mina.run(&["--proxy", "socks5://proxy.example:9050", "doctor"]);
    assert!(named.code == 2 && named.err.contains("as a number"), "{named:?}");
    // A home can begin with one.
    let sora = world.stranger("Sora");
    let begin = ["init", "--light", "--name", "Sora", "--relay", world.address()];
    sora.done(&[begin.as_slice(), &["--proxy", &socks.url()]].concat());
    sora.done(&["doctor"]);
    assert_eq!(sora.object(&["proxy"])["proxy"], socks.url());
    assert!(!socks.asked().is_empty());
    // A relay of one's own is not behind a proxy.
    let haru = world.stranger("Haru");
    let begin = ["init", "--light", "--name", "Haru", "--proxy", &socks.url()];
    haru.run(&begin).failed(1, "a relay of its own");
}

#[test]
fn an_open_home_goes_over_to_the_proxy_at_once() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let socks = Socks::to(world.address());
    let mut open = mina.stays(&["open"]);
    open.next();
    // Whoever wants another way than the one it goes is told.
    mina.run(&["--proxy", &socks.url(), "sync"]).failed(1, "does not go through that proxy");
    mina.done(&["proxy", &socks.url()]);
    mina.done(&["--proxy", &socks.url(), "sync"]);
    assert!(!socks.asked().is_empty());
    joon.done(&["send", "Mina", "can you hear me"]);
    assert_eq!(open.next()["text"], "can you hear me");
    assert_eq!(open.interrupt().code, 130);
}
