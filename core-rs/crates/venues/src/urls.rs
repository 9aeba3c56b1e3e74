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
}
