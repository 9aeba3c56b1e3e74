//! Endpoints: a venue's own host or an override, with the venue's path behind it.

/// Appends `path` to `base`, unless an override names it already.
pub fn join(base: &str, path: &str) -> String {
    let (path_only, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let base = base.trim_end_matches('/');
    let (base_path, base_query) = base.split_once('?').map_or((base, None), |(path, query)| (path, Some(query)));
    let path_only = if base_path.ends_with(path_only) { "" } else { path_only };
    let query = base_query.or(query).map(|query| format!("?{query}")).unwrap_or_default();
    format!("{base_path}{path_only}{query}")
}

/// Path and query of a whole address; None when it is but a path.
pub fn path_of(url: &str) -> Option<&str> {
    let (_, behind) = url.split_once("://")?;
    Some(behind.find('/').map_or("/", |start| &behind[start..]))
}

/// A url's query at another address.
pub fn moved(url: &str, address: &str) -> String {
    let query = url.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", address.split('?').next().unwrap_or(address))
}

/// A text as one value of a query: what means something there is escaped.
pub fn query_value(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = |byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_appended_once() {
        assert_eq!(join("wss://a.b", "/v1?x=1"), "wss://a.b/v1?x=1");
        assert_eq!(join("ws://localhost:1/venue/", "/v1?x=1"), "ws://localhost:1/venue/v1?x=1");
        assert_eq!(join("ws://localhost:1/v1", "/v1?x=1"), "ws://localhost:1/v1?x=1");
        assert_eq!(join("ws://localhost:1/v1?x=2", "/v1?x=1"), "ws://localhost:1/v1?x=2");
    }

    #[test]
    fn a_whole_address_has_a_path_and_a_path_has_none_of_its_own() {
        assert_eq!(path_of("https://a.b/v1?x=://"), Some("/v1?x=://"));
        assert_eq!((path_of("https://a.b"), path_of("/v1")), (Some("/"), None));
    }

    #[test]
    fn a_query_moves_to_another_address_and_replaces_what_was_asked_there() {
        assert_eq!(moved("wss://a.b/?token=x%3D", "ws://localhost:1/venue/"), "ws://localhost:1/venue/?token=x%3D");
        assert_eq!(moved("wss://a.b/?token=x", "ws://localhost:1/venue?old=1"), "ws://localhost:1/venue?token=x");
        assert_eq!(moved("wss://a.b/", "ws://localhost:1/venue"), "ws://localhost:1/venue");
    }

    #[test]
    fn a_query_s_value_cannot_end_it_or_begin_another() {
        assert_eq!(query_value("aZ0-._~"), "aZ0-._~");
        assert_eq!(query_value("a&b=c+d#e /é"), "a%26b%3Dc%2Bd%23e%20%2F%C3%A9");
    }
}
