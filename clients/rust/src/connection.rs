//! How a Crossbook server is dialled, and its clients.

use std::fmt;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::v1::aggregator_service_client::AggregatorServiceClient;
use crate::v1::alert_service_client::AlertServiceClient;
use crate::v1::arbitrage_service_client::ArbitrageServiceClient;
use crate::v1::tracker_service_client::TrackerServiceClient;

/// The largest answer that a server gives: a batch of quotes may be that large, tonic's default is a quarter.
const MAX_MESSAGE_BYTES: usize = 16 << 20;
const PING: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// An address or a key that cannot be one; mend it, for trying again is no use.
#[derive(Debug)]
pub struct InvalidAddress(String);

impl fmt::Display for InvalidAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for InvalidAddress {}

/// Shows a key with each call, where there is one.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert("authorization", key.clone());
        }
        Ok(request)
    }
}

/// What every client here speaks over.
pub type Authorized = InterceptedService<Channel, Bearer>;

/// One server, from which cheap clients are made. It is dialled at the first call, and again whenever it is lost; a peer
/// that has died is noticed within 15 seconds, streams that are silent included.
#[derive(Clone, Debug)]
pub struct Connection {
    service: Authorized,
}

impl Connection {
    /// To `host:port`, as nobody in particular. Must be called within a tokio runtime.
    pub fn open(target: &str) -> Result<Self, InvalidAddress> {
        let endpoint = Endpoint::from_shared(format!("http://{target}"))
            .map_err(|error| InvalidAddress(format!("{target:?} is not host:port: {error}")))?
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true);
        Ok(Self { service: InterceptedService::new(endpoint.connect_lazy(), Bearer(None)) })
    }

    /// Over a channel of your own, with TLS for example, showing a key of `crossbook accounts key create`.
    pub fn over(channel: Channel, key: &str) -> Result<Self, InvalidAddress> {
        let mut value = MetadataValue::try_from(format!("Bearer {key}"))
            .map_err(|_| InvalidAddress("the key has characters that no key has".into()))?;
        value.set_sensitive(true);
        Ok(Self { service: InterceptedService::new(channel, Bearer(Some(value))) })
    }

    /// Of trackers' ports.
    pub fn tracker(&self) -> TrackerServiceClient<Authorized> {
        TrackerServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Of aggregators' ports.
    pub fn aggregator(&self) -> AggregatorServiceClient<Authorized> {
        AggregatorServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Of arbitrage's port.
    pub fn arbitrage(&self) -> ArbitrageServiceClient<Authorized> {
        ArbitrageServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Of alerts' port.
    pub fn alerts(&self) -> AlertServiceClient<Authorized> {
        AlertServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }
}
