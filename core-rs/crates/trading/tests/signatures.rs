//! Signatures by a shared secret that are known to be right: examples of venues' documents and of other clients' tests, and some
//! that were reckoned apart from this code. Their keys are public.

use crossbook_trading::signing::{sha256_base64, sha256_hex, sha512_hex};
use serde::Deserialize;

#[derive(Deserialize)]
struct Signed {
    venue: String,
    case: String,
    hash: String,
    spelled: String,
    secret: String,
    text: String,
    signature: String,
}

#[test]
fn every_known_signature_is_made() {
    let table: Vec<Signed> = serde_json::from_str(include_str!("signatures.json")).unwrap();
    for signed in &table {
        let secret = signed.secret.as_str().into();
        let signature = match (signed.hash.as_str(), signed.spelled.as_str()) {
            ("sha256", "hex") => sha256_hex(&secret, &signed.text),
            ("sha256", "base64") => sha256_base64(&secret, &signed.text),
            ("sha512", "hex") => sha512_hex(&secret, &signed.text),
            other => panic!("{other:?}"),
        };
        assert_eq!(signature, signed.signature, "{} {}", signed.venue, signed.case);
    }
    assert_eq!(table.len(), 33);
}
