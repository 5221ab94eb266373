//! A web server that is no relay: the usual parts, put together as their makers show it.

use std::{convert::Infallible, sync::Arc};

use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

pub(crate) struct Reference {
    pub(crate) port: u16,
    task: JoinHandle<()>,
}

impl Reference {
    pub(crate) async fn start(page: &'static str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(session) = acceptor.accept(socket).await else { return };
                    let site = service_fn(move |asked| std::future::ready(answer(&asked, page)));
                    let serving =
                        http1::Builder::new().serve_connection(TokioIo::new(session), site);
                    let _ = serving.await;
                });
            }
        });
        Self { port, task }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(asked: &Request<Incoming>, page: &'static str) -> Result<Response<Whole>, Infallible> {
    let shown = ["/", "/index.html"].contains(&asked.uri().path())
        && [Method::GET, Method::HEAD].contains(asked.method());
    let response = match shown {
        true => Response::builder()
            .header(CONTENT_TYPE, "text/html; charset=utf-8")
            .body(Whole(Some(Bytes::from_static(page.as_bytes())))),
        false => Response::builder().status(StatusCode::NOT_FOUND).body(Whole(None)),
    };
    Ok(response.unwrap())
}

struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
