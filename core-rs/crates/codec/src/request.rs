//! One REST request, in the same words for market lists, books and tickets.

use crate::urls;

/// A GET, or a POST where there is a body.
#[derive(Clone, Debug, PartialEq)]
pub struct RestRequest {
    /// A venue names the path, or a whole address where another host of it answers; `at` makes it whole.
    pub url: String,
    /// Sent as `application/json`, also when it is empty.
    pub body: Option<String>,
    /// What it takes of the venue's request budget.
    pub weight: u32,
    /// Whether something is down until it is answered; what is not urgent waits behind what is.
    pub is_urgent: bool,
}

impl RestRequest {
    pub fn get(path: impl Into<String>) -> Self {
        Self { url: path.into(), body: None, weight: 1, is_urgent: true }
    }

    pub fn post(path: impl Into<String>, body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..Self::get(path) }
    }

    pub fn weighing(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// The request as asked of this address.
    pub fn at(self, address: &RestAddress) -> Self {
        let url = match (address.given.as_deref(), urls::path_of(&self.url)) {
            (None, Some(_)) => self.url,
            (Some(given), Some(path)) => urls::join(given, path),
            (given, None) => urls::join(given.unwrap_or(address.own), &self.url),
        };
        Self { url, ..self }
    }
}

/// Where a venue's requests go.
pub struct RestAddress {
    pub own: &'static str,
    /// In place of all the venue's hosts.
    pub given: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(given: Option<&str>) -> RestAddress {
        RestAddress { own: "https://a.b", given: given.map(str::to_string) }
    }

    #[test]
    fn only_a_request_with_a_body_is_a_post_and_an_empty_body_is_one() {
        assert_eq!(RestRequest::get("/a").body, None);
        assert_eq!(RestRequest::post("/a", "").body.as_deref(), Some(""));
    }

    #[test]
    fn the_address_is_put_before_the_path_and_nothing_else_changes() {
        let request = RestRequest::post("/info", r#"{"type":"meta"}"#).weighing(20);
        assert_eq!(request.clone().at(&address(None)).url, "https://a.b/info");
        let request = request.at(&address(Some("http://127.0.0.1:9/x/")));
        assert_eq!(request.url, "http://127.0.0.1:9/x/info");
        assert_eq!((request.body.as_deref(), request.weight), (Some(r#"{"type":"meta"}"#), 20));
    }
    #[test]
    fn another_host_of_the_venue_is_asked_there_unless_an_address_is_given_for_all() {
        let request = RestRequest::get("https://books.b/v1?x=1");
        assert_eq!(request.clone().at(&address(None)).url, "https://books.b/v1?x=1");
        assert_eq!(request.at(&address(Some("http://127.0.0.1:9/x"))).url, "http://127.0.0.1:9/x/v1?x=1");
    }
}
