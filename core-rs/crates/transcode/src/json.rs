//! Messages as JSON and back, as protobuf's mapping says; what JSON has and the message does not is refused.

use crate::error::TranscodeError;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};

/// With every field that has no presence, so that no key is missing from an answer.
pub fn encode(message: &DynamicMessage) -> Result<Vec<u8>, TranscodeError> {
    let mut out = Vec::new();
    let options = SerializeOptions::new().skip_default_fields(false);
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut out), &options)
        .map_err(|error| TranscodeError(error.to_string()))?;
    Ok(out)
}

/// Why not, in words, if it is none.
pub fn decode(kind: MessageDescriptor, text: &[u8]) -> Result<DynamicMessage, String> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message =
        DynamicMessage::deserialize_with_options(kind, &mut reader, &options).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(message)
}
