//! Who comes in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{bucket::Bucket, connection::serve, event::Event, figures::add, relay::Shared};

/// The operator is told of a crowd at most this often.
const CROWD_LINE_S: u64 = 60;

/// Takes connections until told to stop, then waits for those that are open.
pub(crate) async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(shared.limits.connections_max));
    let per_s = shared.limits.arrivals_per_s;
    let mut arrivals = Bucket::new(per_s, per_s.saturating_mul(2), Instant::now());
    let mut told: Option<Instant> = None;
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = open.join_next() => {}
            taken = listener.accept() => {
                let Ok((socket, _)) = taken else {
                    // Out of files or memory: those who are in may leave meanwhile.
                    sleep(Duration::from_millis(50)).await;
                    continue;
                };
                add(&shared.figures.arrivals, 1);
                let slot = Arc::clone(&slots).try_acquire_owned().ok();
                let (Some(slot), Ok(())) = (slot, arrivals.take(Instant::now())) else {
                    add(&shared.figures.turned_away, 1);
                    if told.is_none_or(|at| at.elapsed() > Duration::from_secs(CROWD_LINE_S)) {
                        told = Some(Instant::now());
                        (shared.tell)(Event::Crowded);
                    }
                    continue;
                };
                let serving = serve(socket, Arc::clone(&shared), stop.clone());
                open.spawn(async move {
                    serving.await;
                    drop(slot);
                });
            }
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}
