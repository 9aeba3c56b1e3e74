//! TLS of the port and of what is dialled, from PEM texts that Python reads, and reads again when its files change.
//!
//! A connection keeps what it was made with: whatever is new holds for the next handshake.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

const HTTP2: &[u8] = b"h2";

/// What a port shows, and whom it lets in.
#[derive(Clone)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// `client_ca`: those who sign the clients that may come; without it any client may. TLS 1.2 or newer.
    pub fn new(certificate: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> Result<Self, String> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(signers) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(signers)?), provider);
                builder.with_client_cert_verifier(verifier.build().map_err(|error| error.to_string())?)
            }
        };
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("the key: {error}"))?;
        let mut config =
            builder.with_single_cert(certificates(certificate)?, key).map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![HTTP2.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0)
    }
}

/// What is shown to a server, and who signs those that are believed.
#[derive(Clone, Debug)]
pub struct DialTls {
    pub ca: Vec<u8>,
    /// A certificate and its key, where the other side wants to see one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl DialTls {
    /// For `host`, which the other side's certificate must name.
    pub(crate) fn config(&self, host: &str) -> ClientTlsConfig {
        let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.ca)).domain_name(host);
        match &self.identity {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for signer in certificates(pem)? {
        store.add(signer).map_err(|error| error.to_string())?;
    }
    Ok(store)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("there is no certificate in it".to_owned()),
        found => found.map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_no_key_is_refused_in_words() {
        let words = |certificate: &[u8], client_ca| ServerTls::new(certificate, b"", client_ca).err().unwrap();
        assert_eq!(words(b"", Some(b"nothing".as_slice())), "there is no certificate in it");
        assert!(words(b"nothing", None).starts_with("the key: "));
    }
}
