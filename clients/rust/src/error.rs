//! A server's refusal as a value: what went wrong, in which field, and whether and when to try again.

use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path, for example `filter.venues[0]`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// What a service answered in place of a result; made of a call's [`Status`] with its google.rpc details.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kind of refusal.
    pub code: Code,
    /// The server's words.
    pub message: String,
    /// Every wrong field of an INVALID_ARGUMENT.
    pub violations: Vec<Violation>,
    /// What is not there, or is there already; empty where it is neither.
    pub resource: String,
    /// How long an UNAVAILABLE server asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// Whether the same call can never succeed, so that trying again is no use.
    pub fn is_final(&self) -> bool {
        use Code::{
            AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange, PermissionDenied,
            Unauthenticated, Unimplemented,
        };
        matches!(
            self.code,
            InvalidArgument
                | NotFound
                | AlreadyExists
                | FailedPrecondition
                | OutOfRange
                | PermissionDenied
                | Unauthenticated
                | Unimplemented
        )
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let violated = details.bad_request().map(|told| told.field_violations.as_slice()).unwrap_or_default();
        Self {
            code: status.code(),
            message: status.message().to_owned(),
            violations: violated
                .iter()
                .map(|one| Violation { field: one.field.clone(), description: one.description.clone() })
                .collect(),
            resource: details.resource_info().map(|told| told.resource_name.clone()).unwrap_or_default(),
            retry_after: details.retry_info().and_then(|told| told.retry_delay),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    /// Every detail that a service sends is read.
    #[test]
    fn details_are_read() {
        let mut details = ErrorDetails::with_bad_request_violation("sell_venue", "is the buy venue");
        details.set_resource_info("alertRules", "alertRules/one", "", "");
        details.set_retry_info(Some(Duration::from_secs(3)));
        let found = Error::from(Status::with_error_details(Code::InvalidArgument, "no", details));
        let violation = Violation { field: "sell_venue".into(), description: "is the buy venue".into() };
        assert_eq!(found.violations, [violation]);
        assert_eq!(found.resource, "alertRules/one");
        assert_eq!(found.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(found.to_string(), "InvalidArgument: no");
    }

    /// A status without details is one as well, of any code: what the caller asked wrongly is final, what befell the
    /// server is not.
    #[test]
    fn only_what_cannot_succeed_is_final() {
        for code in (0..=16).map(Code::from_i32) {
            let found = Error::from(Status::new(code, "bare"));
            assert!(found.violations.is_empty() && found.resource.is_empty() && found.retry_after.is_none());
            let passes = [
                Code::Ok,
                Code::Cancelled,
                Code::Unknown,
                Code::DeadlineExceeded,
                Code::ResourceExhausted,
                Code::Aborted,
                Code::Internal,
                Code::Unavailable,
                Code::DataLoss,
            ];
            assert_eq!(found.is_final(), !passes.contains(&code), "{code:?}");
        }
    }
}
