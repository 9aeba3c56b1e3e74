//! Instruments on the wire: their facts under their numbers, and what must hold of them on the way in.

use crate::error::WireError;
use crossbook_market as market;
use crossbook_market::{AssetClass, Fact, is_name};
use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

/// An Instrument of market.proto.
pub fn encode_instrument(instrument: &market::Instrument) -> Vec<u8> {
    Instrument::from(instrument).encode_to_vec()
}

/// Reads an Instrument of market.proto.
pub fn decode_instrument(message: &[u8]) -> Result<market::Instrument, WireError> {
    Instrument::decode(message)?.check().map_err(|problem| WireError::BadLoneInstrument { problem })
}

/// The message: facts as they came, unchecked.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument([Fact; market::Instrument::FACTS]);

impl From<&market::Instrument> for Instrument {
    fn from(instrument: &market::Instrument) -> Self {
        Self(instrument.facts())
    }
}

impl Default for Instrument {
    fn default() -> Self {
        Self(market::Instrument::empty().facts())
    }
}

impl Instrument {
    /// What it stands for, or why it cannot be used.
    pub fn check(self) -> Result<market::Instrument, &'static str> {
        const CLASS: &str =
            "asset_class must be a known one, and an asset that is no coin be named behind it (share:META)";
        let instrument = market::Instrument::from_facts(self.0.map(said)).map_err(|_| CLASS)?;
        let names = [&instrument.venue, &instrument.symbol, &instrument.asset];
        let others = [&instrument.native_symbol, &instrument.quote_currency, &instrument.settle_currency];
        if !names.into_iter().chain(others.into_iter().filter(|name| !name.is_empty())).all(|name| is_name(name)) {
            return Err("venue, symbol and asset must be given, and every name printable and at most 100 bytes long");
        }
        if !instrument.asset_class.is_of(&instrument.asset) {
            return Err(CLASS);
        }
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        if !is_positive(instrument.asset_scale) || !is_positive(instrument.contract_size) {
            return Err("asset_scale and contract_size must be positive");
        }
        if !instrument.facts().iter().all(is_finite) {
            return Err("every number must be finite");
        }
        Ok(instrument)
    }

    /// The facts that take place on the wire: those that are not what an empty message means anyway.
    fn told(&self) -> impl Iterator<Item = (u32, &Fact)> {
        let is_told = |fact: &Fact| match fact {
            Fact::Text(text) => !text.is_empty(),
            Fact::Number(value) => value.to_bits() != 0,
            Fact::Optional(value) => value.is_some(),
            Fact::Choice(choice) => *choice != 0,
        };
        market::Instrument::NUMBERS.into_iter().zip(&self.0).filter(move |(_, fact)| is_told(fact))
    }
}

/// Who says no class is a sender of before there were classes: it knows coins only.
fn said(fact: Fact) -> Fact {
    if fact == Fact::Choice(0) { Fact::Choice(AssetClass::Coin as i32) } else { fact }
}

fn is_finite(fact: &Fact) -> bool {
    match fact {
        Fact::Number(number) | Fact::Optional(Some(number)) => number.is_finite(),
        Fact::Text(_) | Fact::Optional(None) | Fact::Choice(_) => true,
    }
}

/// As prost derives it for a message of these fields.
impl Message for Instrument {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        for (number, fact) in self.told() {
            match fact {
                Fact::Text(text) => encoding::string::encode(number, text, buf),
                Fact::Number(value) | Fact::Optional(Some(value)) => encoding::double::encode(number, value, buf),
                Fact::Choice(choice) => encoding::int32::encode(number, choice, buf),
                Fact::Optional(None) => {}
            }
        }
    }

    fn merge_field(
        &mut self,
        number: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        let place = market::Instrument::NUMBERS.iter().position(|known| *known == number);
        match place.map(|place| &mut self.0[place]) {
            Some(Fact::Text(text)) => encoding::string::merge(wire_type, text, buf, ctx),
            Some(Fact::Number(value)) => encoding::double::merge(wire_type, value, buf, ctx),
            Some(Fact::Optional(value)) => encoding::double::merge(wire_type, value.get_or_insert_default(), buf, ctx),
            Some(Fact::Choice(choice)) => encoding::int32::merge(wire_type, choice, buf, ctx),
            None => encoding::skip_field(wire_type, number, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        let lengths = self.told().map(|(number, fact)| match fact {
            Fact::Text(text) => encoding::string::encoded_len(number, text),
            Fact::Number(value) | Fact::Optional(Some(value)) => encoding::double::encoded_len(number, value),
            Fact::Choice(choice) => encoding::int32::encoded_len(number, choice),
            Fact::Optional(None) => 0,
        });
        lengths.sum()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share() -> market::Instrument {
        market::Instrument {
            venue: "venue".into(),
            symbol: "META/USD:USDC".into(),
            asset: "share:META".into(),
            asset_class: AssetClass::Share,
            tick_size: 0.5,
            taker_fee_percent: Some(0.0),
            ..market::Instrument::default()
        }
    }

    #[test]
    fn an_instrument_is_the_same_behind_the_wire() {
        let message = Instrument::from(&share());
        assert_eq!(message.encoded_len(), encode_instrument(&share()).len());
        assert_eq!(decode_instrument(&encode_instrument(&share())), Ok(share()));
    }

    #[test]
    fn who_says_no_class_means_a_coin_and_what_is_not_known_here_is_left_alone() {
        let mut bytes = encode_instrument(&market::Instrument { asset_class: AssetClass::Coin, ..share() });
        bytes.truncate(bytes.len() - 2); // the class comes last
        encoding::string::encode(4, &"META".to_owned(), &mut bytes);
        encoding::string::encode(900, &"later".to_owned(), &mut bytes);
        let read = decode_instrument(&bytes).unwrap();
        assert_eq!((read.asset_class, read.asset.as_str()), (AssetClass::Coin, "META"));
        encoding::int32::encode(13, &0, &mut bytes);
        assert_eq!(decode_instrument(&bytes), Ok(read));
    }

    #[test]
    fn a_lone_instrument_is_checked_too() {
        for bad in [
            market::Instrument { contract_size: 0.0, ..share() },
            market::Instrument { lot_size: f64::INFINITY, ..share() },
            market::Instrument { asset: "META".into(), ..share() },
        ] {
            let refused = decode_instrument(&encode_instrument(&bad));
            assert!(matches!(refused, Err(WireError::BadLoneInstrument { .. })), "{bad:?}");
        }
        assert!(matches!(decode_instrument(&[0xff]), Err(WireError::Malformed(_))));
    }
}
