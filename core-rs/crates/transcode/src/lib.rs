//! REST from the protos: which RPC a path means, its request out of path, query and body, and any message as JSON.
//!
//! Routes are the `google.api.http` options of the descriptor set. A field is named as in JSON or as in the proto; a list
//! takes commas as well as repetition; a value of an enum may leave its prefix out. What is not known is refused.

mod error;
mod fields;
mod json;
mod percent;
mod query;
mod routes;
mod template;

pub use error::{Refusal, TranscodeError};
pub use routes::{Body, Route};

use prost_reflect::{DescriptorPool, DynamicMessage};
use routes::Routes;

/// A call that a request means.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// `package.Service/Method`.
    pub method: String,
    /// The path's template.
    pub pattern: String,
    /// The request, encoded.
    pub payload: Vec<u8>,
}

/// Of one descriptor set.
pub struct Transcoder {
    pool: DescriptorPool,
    routes: Routes,
}

impl Transcoder {
    /// Of an encoded `FileDescriptorSet` with everything that it imports.
    pub fn new(descriptor_set: &[u8]) -> Result<Self, TranscodeError> {
        let pool = DescriptorPool::decode(descriptor_set).map_err(|error| TranscodeError(error.to_string()))?;
        let routes = Routes::of(&pool)?;
        Ok(Self { pool, routes })
    }

    /// Every route, in the order of the protos.
    pub fn routes(&self) -> &[Route] {
        self.routes.all()
    }

    /// The call of a request; `path` and `query` as they came, percent-encoded.
    pub fn call(&self, verb: &str, path: &str, query: &str, body: &[u8]) -> Result<Call, Refusal> {
        let (route, bound) = self.routes.find(verb, path)?;
        let message = query::request_of(route, bound, query, body).map_err(Refusal::Fields)?;
        Ok(Call {
            method: route.method_path(),
            pattern: route.pattern().to_owned(),
            payload: prost::Message::encode_to_vec(&message),
        })
    }

    /// A message of that full name as JSON: every field that has no presence is there, whatever its value.
    pub fn to_json(&self, name: &str, payload: &[u8]) -> Result<Vec<u8>, TranscodeError> {
        let kind = self.message(name)?;
        let message = DynamicMessage::decode(kind, payload).map_err(|error| TranscodeError(error.to_string()))?;
        json::encode(&message)
    }

    /// JSON as a message of that full name.
    pub fn parse_json(&self, name: &str, text: &[u8]) -> Result<Vec<u8>, TranscodeError> {
        let message = json::decode(self.message(name)?, text).map_err(TranscodeError)?;
        Ok(prost::Message::encode_to_vec(&message))
    }

    fn message(&self, name: &str) -> Result<prost_reflect::MessageDescriptor, TranscodeError> {
        self.pool.get_message_by_name(name).ok_or_else(|| TranscodeError(format!("there is no message {name}")))
    }
}
