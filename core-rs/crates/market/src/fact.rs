//! One fact about an instrument, whichever it is: what the wire, a table and Python pass on without knowing its meaning.

use crate::asset_class::AssetClass;

/// Of the kind that it has in market.proto.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Text(String),
    Number(f64),
    /// A number that may be unknown.
    Optional(Option<f64>),
    /// The number of an enum's value.
    Choice(i32),
}

/// The fact of this name is of another kind, or a choice that there is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WrongFact {
    pub name: &'static str,
}

/// A field's type.
pub(crate) trait Value: Sized {
    fn to_fact(&self) -> Fact;
    fn from_fact(fact: Fact) -> Option<Self>;
}

impl Value for String {
    fn to_fact(&self) -> Fact {
        Fact::Text(self.clone())
    }

    fn from_fact(fact: Fact) -> Option<Self> {
        if let Fact::Text(text) = fact { Some(text) } else { None }
    }
}

impl Value for f64 {
    fn to_fact(&self) -> Fact {
        Fact::Number(*self)
    }

    fn from_fact(fact: Fact) -> Option<Self> {
        if let Fact::Number(number) = fact { Some(number) } else { None }
    }
}

impl Value for Option<f64> {
    fn to_fact(&self) -> Fact {
        Fact::Optional(*self)
    }

    fn from_fact(fact: Fact) -> Option<Self> {
        if let Fact::Optional(number) = fact { Some(number) } else { None }
    }
}

impl Value for AssetClass {
    fn to_fact(&self) -> Fact {
        Fact::Choice(*self as i32)
    }

    fn from_fact(fact: Fact) -> Option<Self> {
        if let Fact::Choice(number) = fact { Self::from_number(number) } else { None }
    }
}
