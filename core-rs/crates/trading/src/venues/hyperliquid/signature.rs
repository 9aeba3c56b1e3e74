//! How an action is signed: its MessagePack, nonce and deadline are hashed to the connection of a phantom agent, and the agent
//! is signed as typed data (EIP-712), with a nonce that follows from the key and the message (RFC 6979).

use crate::error::TradingError;
use k256::ecdsa::SigningKey;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;

type Hash = [u8; 32];

const DOMAIN: &[u8] = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const AGENT: &[u8] = b"Agent(string source,bytes32 connectionId)";
const CHAIN_ID: u16 = 1337;

/// `{"r":"0x...","s":"0x...","v":27}`, of 32 bytes each: the shortest form loses zeros in front.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Signature {
    r: String,
    s: String,
    v: u8,
}

pub(super) fn sign(
    action: &impl Serialize,
    nonce: u64,
    expires_after: Option<i64>,
    is_main_net: bool,
    secret: &SecretString,
) -> Result<Signature, TradingError> {
    let wrong = |()| TradingError::Unsendable("the secret is not a private key of 32 bytes in hexadecimal");
    let digits = secret.expose_secret();
    let bytes = Zeroizing::new(hex::decode(digits.strip_prefix("0x").unwrap_or(digits)).map_err(|_| wrong(()))?);
    let key = SigningKey::from_slice(&bytes).map_err(|_| wrong(()))?;
    let digest = typed(is_main_net, &action_hash(action, nonce, expires_after));
    let (signature, recovery) = key.sign_prehash_recoverable(&digest);
    let (r, s) = signature.split_bytes();
    let hexadecimal = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    Ok(Signature { r: hexadecimal(&r), s: hexadecimal(&s), v: 27 + recovery.to_byte() })
}

/// The byte between says that no vault is traded for.
fn action_hash(action: &impl Serialize, nonce: u64, expires_after: Option<i64>) -> Hash {
    let mut bytes = rmp_serde::to_vec_named(action).expect("texts and numbers are MessagePack");
    bytes.extend(nonce.to_be_bytes());
    bytes.push(0);
    if let Some(time) = expires_after {
        bytes.push(0);
        bytes.extend(time.to_be_bytes());
    }
    keccak(&[&bytes])
}

fn typed(is_main_net: bool, connection: &Hash) -> Hash {
    let mut chain = [0; 32];
    chain[30..].copy_from_slice(&CHAIN_ID.to_be_bytes());
    let domain = keccak(&[&keccak(&[DOMAIN]), &keccak(&[b"Exchange"]), &keccak(&[b"1"]), &chain, &[0; 32]]);
    let source: &[u8] = if is_main_net { b"a" } else { b"b" };
    let agent = keccak(&[&keccak(&[AGENT]), &keccak(&[source]), connection]);
    keccak(&[b"\x19\x01", &domain, &agent])
}

fn keccak(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::super::{CancelAction, Cancelling, Kind, Limit, OrderAction, Placing};
    use super::*;

    /// A key for tests, known to everybody.
    const KEY: &str = "0x0123456789012345678901234567890123456789012345678901234567890123";

    fn order(a: u32, p: &str, s: &str, tif: &'static str, c: Option<&str>) -> OrderAction {
        let t = Kind { limit: Limit { tif } };
        let placing = Placing { a, b: true, p: p.into(), s: s.into(), r: false, t, c: c.map(str::to_string) };
        OrderAction { kind: "order", orders: [placing], grouping: "na" }
    }

    fn ioc() -> OrderAction {
        order(0, "43250.5", "0.01", "Ioc", Some("0x0000000000000000000000000000abcd"))
    }

    fn signed(action: &impl Serialize, nonce: u64, expires: Option<i64>, is_main: bool) -> (String, String, u8) {
        let Signature { r, s, v } = sign(action, nonce, expires, is_main, &KEY.into()).unwrap();
        (r, s, v)
    }

    /// As the shortest form writes them, zeros put in front.
    fn known(r: &str, s: &str, v: u8) -> (String, String, u8) {
        (format!("0x{r:0>64}"), format!("0x{s:0>64}"), v)
    }

    #[test]
    fn an_order_is_packed_in_the_documented_order_of_keys() {
        let packed = |action: &OrderAction| hex::encode(rmp_serde::to_vec_named(action).unwrap());
        assert_eq!(
            packed(&order(1, "100", "100", "Gtc", None)),
            "83a474797065a56f72646572a66f72646572739186a16101a162c3a170a3313030a173a3313030a172c2a17481a56c696d697481a3746966a3477463a867726f7570696e67a26e61"
        );
        assert_eq!(
            packed(&ioc()),
            "83a474797065a56f72646572a66f72646572739187a16100a162c3a170a734333235302e35a173a4302e3031a172c2a17481a56c696d697481a3746966a3496f63a163d92230783030303030303030303030303030303030303030303030303030303061626364a867726f7570696e67a26e61"
        );
    }

    #[test]
    fn the_deadline_is_part_of_the_hash() {
        let hash = |action: &OrderAction, nonce, expires| hex::encode(action_hash(action, nonce, expires));
        let (nonce, expires) = (1_700_000_000_000, Some(1_700_000_005_000));
        for (action, nonce, expires, expected) in [
            (
                order(1, "100", "100", "Gtc", None),
                0,
                None,
                "884f2c32bb6dbdd65f6033e32fb28c0cb6f5b345db0f6471fd3366d85c9252c1",
            ),
            (
                order(4, "1670.1", "0.0147", "Ioc", None),
                1_677_777_606_040,
                None,
                "0fcbeda5ae3c4950a548021552a4fea2226858c4453571bf3f24ba017eac2908",
            ),
            (ioc(), nonce, None, "ca31d82f24b2eac270bd6503e5ecd3e03c1a7bebafc259cf06b97033a228822f"),
            (ioc(), nonce, expires, "e7fb59d266ea5f419feb9fca71c10d0a8cb402cf8d26d0c4af5f163e0425f631"),
        ] {
            assert_eq!(hash(&action, nonce, expires), expected);
        }
    }

    #[test]
    fn every_known_signature_of_an_order_is_made() {
        let plain = order(1, "100", "100", "Gtc", None);
        assert_eq!(
            signed(&plain, 0, None, true),
            known(
                "d65369825a9df5d80099e513cce430311d7d26ddf477f5b3a33d2806b100d78e",
                "2b54116ff64054968aa237c20ca9ff68000f977c93289157748a3162b6ea940e",
                28
            )
        );
        assert_eq!(
            signed(&plain, 0, None, false),
            known(
                "82b2ba28e76b3d761093aaded1b1cdad4960b3af30212b343fb2e6cdfa4e3d54",
                "6b53878fc99d26047f4d7e8c90eb98955a109f44209163f52d8dc4278cbbd9f5",
                27
            )
        );
        let named = order(1, "100", "100", "Gtc", Some("0x00000000000000000000000000000001"));
        assert_eq!(
            signed(&named, 0, None, true),
            known(
                "41ae18e8239a56cacbc5dad94d45d0b747e5da11ad564077fcac71277a946e3",
                "3c61f667e747404fe7eea8f90ab0e76cc12ce60270438b2058324681a00116da",
                27
            )
        );
        assert_eq!(
            signed(&ioc(), 1_700_000_000_000, None, true),
            known(
                "f146cff16f060ed5313508ebaa9a10b60fd66cca9a098c18d3d2f373c7e96c46",
                "2c38217dcf3b9421a2b35eb4b94ea3e8ae504892950f9325666c2534124c0b19",
                27
            )
        );
        assert_eq!(
            signed(&ioc(), 1_700_000_000_000, Some(1_700_000_005_000), true),
            known(
                "3271f479eaa41d0700445e160c66749088f522f17a97ddd84ad0391d826d071e",
                "5f6717a9dc04cc4790df5ac7a3a160dcfe52d61e6a162ba8b9d507ed746d9892",
                28
            )
        );
    }

    #[test]
    fn cancels_and_other_actions_are_signed_alike_and_a_zero_in_front_stays() {
        let cancel = Cancelling { asset: 0, cloid: "0x0000000000000000000000000000abcd".to_string() };
        let action = CancelAction { kind: "cancelByCloid", cancels: [cancel] };
        assert_eq!(
            signed(&action, 1_700_000_000_001, None, true),
            known(
                "b40e85371156b16caddcaa7e22779a2e42f3fcedb0eb7d7620432ddeffce22b",
                "5066871460bcea8766171a8aa65caec0ec87390fbc226d435c94cd62f38c27de",
                28
            )
        );
        #[derive(Serialize)]
        struct Schedule {
            #[serde(rename = "type")]
            kind: &'static str,
            time: u64,
        }
        let action = Schedule { kind: "scheduleCancel", time: 1_700_000_010_000 };
        assert_eq!(
            signed(&action, 1_700_000_000_002, None, true),
            known(
                "ee5f35cb42402f19b0b395e8609e7a88de30116d1ee686472d309be8f54f7f4a",
                "18b678cc0181fef000cfd80c9748b3da4b49ceb5a2d71ae0ecd0adbaa9c0399b",
                28
            )
        );
    }

    #[test]
    fn a_secret_that_is_no_key_is_said_and_not_shown() {
        for secret in
            ["", "0x12", "not hexadecimal", "0x0000000000000000000000000000000000000000000000000000000000000000"]
        {
            let error = sign(&ioc(), 1, None, true, &secret.into()).unwrap_err().to_string();
            assert!(error.contains("private key") && (secret.is_empty() || !error.contains(secret)), "{error}");
        }
    }
}
