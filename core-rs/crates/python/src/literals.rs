//! Arrays as Postgres reads them in a statement, so that no client has to write lists value by value.

use std::fmt::{Debug, Write};

/// Numbers, to the last bit.
pub fn numbers<T: Debug>(values: impl IntoIterator<Item = T>) -> String {
    array(values, |out, value| write!(out, "{value:?}"))
}

/// Whatever is in them.
pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    array(values, |out, value| {
        out.push('"');
        for letter in value.chars() {
            if matches!(letter, '"' | '\\') {
                out.push('\\');
            }
            out.push(letter);
        }
        out.push('"');
        Ok(())
    })
}

/// Of the type bytea, by its hex form.
pub fn bytes<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    array(values, |out, value| {
        out.push_str(r#""\\x"#);
        for byte in value {
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        out.push('"');
        Ok(())
    })
}

fn array<T>(values: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T) -> std::fmt::Result) -> String {
    let mut out = "{".to_owned();
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(&mut out, value).expect("a string takes everything");
    }
    out.push('}');
    out
}
