#![cfg(test)]

use std::sync::{Arc, Mutex};

use super::*;

type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

/// A stack whose packets stay where they are.
fn stack(end: End) -> (Arc<Stack>, Sent) {
    let sent = Sent::default();
    let keep = Arc::clone(&sent);
    let send = move |packets: Vec<Vec<u8>>| keep.lock().unwrap().extend(packets);
    (Stack::new(end, 1_500, 1, send), sent)
}

fn taken(sent: &Sent) -> Vec<Vec<u8>> {
    std::mem::take(&mut sent.lock().unwrap())
}

/// Lets both stacks speak until neither has anything to say.
fn exchange(near: &(Arc<Stack>, Sent), far: &(Arc<Stack>, Sent)) {
    loop {
        let (up, down) = (turned(near), turned(far));
        if up.is_empty() && down.is_empty() {
            break;
        }
        up.into_iter().for_each(|packet| far.0.deliver(packet));
        down.into_iter().for_each(|packet| near.0.deliver(packet));
    }
}

fn turned((stack, sent): &(Arc<Stack>, Sent)) -> Vec<Vec<u8>> {
    stack.turn();
    taken(sent)
}

#[tokio::test]
async fn a_stream_opens_with_what_opens_one_and_its_first_ten_segments_leave_at_once() {
    let (near, far) = (stack(End::Near), stack(End::Far));
    let from = near.0.connect().unwrap();
    let first = turned(&near);
    let port = opens(&first[0]).unwrap();
    assert_eq!((first.len(), near.0.knows(port), far.0.knows(port)), (1, true, false));
    let to = far.0.listen(port).unwrap();
    far.0.deliver(first[0].clone());
    exchange(&near, &far);
    from.opened().await.unwrap();
    to.opened().await.unwrap();
    // Nothing is acknowledged, and ten segments leave, with their headers of 52 bytes.
    let said = vec![7; 40_000];
    from.write_all(&said[..100]).await.unwrap();
    let small = turned(&near);
    assert_eq!(small.len(), 1);
    let writing = from.write_all(&said[100..]);
    tokio::pin!(writing);
    assert!(waits(&mut writing).await);
    let flight = turned(&near);
    let bytes: usize = flight.iter().map(Vec::len).sum();
    assert_eq!(bytes - flight.len() * 52, 14_500);
    assert!(flight.iter().all(|packet| packet.len() <= 1_500 && opens(packet).is_none()));
    assert!(waits(&mut writing).await);
    assert_eq!(turned(&near), Vec::<Vec<u8>>::new(), "more than ten");
    flight.into_iter().for_each(|packet| far.0.deliver(packet));
    small.into_iter().for_each(|packet| far.0.deliver(packet));
    // The stack takes the rest, and congestion control keeps it.
    exchange(&near, &far);
    assert!(!waits(&mut writing).await);
    let mut heard = Vec::new();
    let mut bytes = [0; 4_096];
    while heard.len() < said.len() {
        exchange(&near, &far);
        let read = {
            let read = to.read(&mut bytes);
            tokio::pin!(read);
            polled(&mut read).await
        };
        if let Poll::Ready(count) = read {
            heard.extend_from_slice(&bytes[..count.unwrap()]);
        }
    }
    assert!(heard == said);
}

#[tokio::test(start_paused = true)]
async fn what_is_repeated_is_repeated_under_control() {
    let (near, far) = (stack(End::Near), stack(End::Far));
    let from = near.0.connect().unwrap();
    let first = turned(&near);
    let _to = far.0.listen(opens(&first[0]).unwrap()).unwrap();
    far.0.deliver(first[0].clone());
    exchange(&near, &far);
    from.write_all(&[7; 9_000]).await.unwrap();
    let lost = turned(&near);
    assert_eq!(lost.iter().map(|packet| packet.len() - 52).sum::<usize>(), 9_000);
    // The stack's timer: its clock is tokio's, and stands still but for this.
    tokio::time::advance(Duration::from_secs(3)).await;
    let again = turned(&near);
    let bytes: usize = again.iter().map(|packet| packet.len() - 52).sum();
    assert!((1_000..=2_048).contains(&bytes), "{bytes} repeated at once");
}

#[tokio::test]
async fn a_socket_nobody_holds_stays_until_it_has_said_goodbye() {
    let (near, far) = (stack(End::Near), stack(End::Far));
    let from = near.0.connect().unwrap();
    let first = turned(&near);
    let port = opens(&first[0]).unwrap();
    let to = far.0.listen(port).unwrap();
    far.0.deliver(first[0].clone());
    exchange(&near, &far);
    from.abort();
    drop(from);
    assert!(near.0.knows(port));
    exchange(&near, &far);
    assert!(!near.0.knows(port), "its reset has left");
    assert_eq!(to.read(&mut [0]).await, Err(Reset));
    drop(to);
    exchange(&near, &far);
    assert!(!far.0.knows(port));
}

async fn polled<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *future).poll(context))).await
}

async fn waits<F: Future + Unpin>(future: &mut F) -> bool {
    polled(future).await.is_pending()
}
