//! What an aggregator answers to a tracker: IngestQuotesResponse.

use crate::error::WireError;
use prost::Message;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IngestAnswer {
    /// To the hello: send everything from here on. `are_quotes_missing` says that some before it are lost for good,
    /// `takes_depth` that depth may be sent.
    Resume { next_sequence: u64, are_quotes_missing: bool, takes_depth: bool },
    /// Everything up to this batch is committed.
    Acknowledgement { committed_sequence: u64 },
}

#[derive(Clone, PartialEq, Message)]
struct IngestQuotesResponse {
    #[prost(message, optional, tag = "1")]
    resume: Option<ResumePoint>,
    #[prost(message, optional, tag = "2")]
    acknowledgement: Option<Acknowledgement>,
}

#[derive(Clone, PartialEq, Message)]
struct ResumePoint {
    #[prost(uint64, tag = "1")]
    next_sequence: u64,
    #[prost(bool, tag = "2")]
    are_quotes_missing: bool,
    #[prost(bool, tag = "3")]
    takes_depth: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Acknowledgement {
    #[prost(uint64, tag = "1")]
    committed_sequence: u64,
}

/// Reads an IngestQuotesResponse; None for one that says nothing that we know.
pub fn decode_ingest_answer(payload: &[u8]) -> Result<Option<IngestAnswer>, WireError> {
    let message = IngestQuotesResponse::decode(payload)?;
    let resume = message.resume.map(|ResumePoint { next_sequence, are_quotes_missing, takes_depth }| {
        IngestAnswer::Resume { next_sequence, are_quotes_missing, takes_depth }
    });
    let acknowledgement = message
        .acknowledgement
        .map(|Acknowledgement { committed_sequence }| IngestAnswer::Acknowledgement { committed_sequence });
    Ok(resume.or(acknowledgement))
}

/// An IngestQuotesResponse.
pub fn encode_ingest_answer(answer: &IngestAnswer) -> Vec<u8> {
    let message = match *answer {
        IngestAnswer::Resume { next_sequence, are_quotes_missing, takes_depth } => IngestQuotesResponse {
            resume: Some(ResumePoint { next_sequence, are_quotes_missing, takes_depth }),
            acknowledgement: None,
        },
        IngestAnswer::Acknowledgement { committed_sequence } => {
            IngestQuotesResponse { resume: None, acknowledgement: Some(Acknowledgement { committed_sequence }) }
        }
    };
    message.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_as_it_went() {
        for answer in [
            IngestAnswer::Resume { next_sequence: 7, are_quotes_missing: true, takes_depth: true },
            IngestAnswer::Resume { next_sequence: 0, are_quotes_missing: false, takes_depth: false },
            IngestAnswer::Acknowledgement { committed_sequence: u64::MAX },
            IngestAnswer::Acknowledgement { committed_sequence: 0 },
        ] {
            assert_eq!(decode_ingest_answer(&encode_ingest_answer(&answer)), Ok(Some(answer)));
        }
    }

    #[test]
    fn the_bytes_are_those_of_aggregator_proto() {
        let resume = IngestAnswer::Resume { next_sequence: 300, are_quotes_missing: true, takes_depth: false };
        assert_eq!(encode_ingest_answer(&resume), [0x0a, 5, 0x08, 0xac, 0x02, 0x10, 1]);
        let acknowledgement = IngestAnswer::Acknowledgement { committed_sequence: 5 };
        assert_eq!(encode_ingest_answer(&acknowledgement), [0x12, 2, 0x08, 5]);
    }

    #[test]
    fn what_a_later_version_says_is_none_of_ours_and_what_is_no_message_is_refused() {
        assert_eq!(decode_ingest_answer(b""), Ok(None));
        assert_eq!(decode_ingest_answer(&[0x4a, 2, 0x08, 5]), Ok(None));
        assert!(matches!(decode_ingest_answer(b"\xff"), Err(WireError::Malformed(_))));
    }
}
