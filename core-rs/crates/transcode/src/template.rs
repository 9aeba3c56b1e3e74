//! The template of a path: `/api/{name=findings/*}:decide`, and what a path gives its fields.

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Literal(String),
    /// Any one, which belongs to the field of this number.
    Any(usize),
    /// This one, which is a part of the field of this number.
    Within(usize, String),
}

/// A template, parsed.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    steps: Vec<Step>,
    fields: Vec<String>,
    action: Option<String>,
}

impl Template {
    /// None where it is none that we take: `**` and nested fields' own templates are not.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, action) = match text.rsplit_once(':') {
            Some((path, action)) if !action.contains(['}', '/']) => (path, Some(action.to_owned())),
            _ => (text, None),
        };
        let mut template = Self { text: text.to_owned(), steps: Vec::new(), fields: Vec::new(), action };
        let mut rest = path.strip_prefix('/')?;
        loop {
            rest = match rest.strip_prefix('{') {
                Some(opened) => {
                    let (field, after) = opened.split_once('}')?;
                    template.add_field(field);
                    after
                }
                None => {
                    let end = rest.find('/').unwrap_or(rest.len());
                    template.steps.push(Step::Literal(rest[..end].to_owned()));
                    &rest[end..]
                }
            };
            match rest.strip_prefix('/') {
                Some(next) => rest = next,
                None => return rest.is_empty().then_some(template),
            }
        }
    }

    fn add_field(&mut self, field: &str) {
        let (name, within) = field.split_once('=').unwrap_or((field, "*"));
        let number = self.fields.len();
        self.fields.push(name.to_owned());
        for step in within.split('/') {
            self.steps.push(if step == "*" { Step::Any(number) } else { Step::Within(number, step.to_owned()) });
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Where it is literal, step by step: the greater of two that match says more.
    pub fn literalness(&self) -> Vec<bool> {
        let literal = self.steps.iter().map(|step| !matches!(step, Step::Any(_)));
        literal.chain([self.action.is_some()]).collect()
    }

    /// The fields that a path gives, if it is one of these; `steps` are its decoded parts.
    pub fn matched(&self, steps: &[String]) -> Option<Vec<(String, String)>> {
        let mut steps = steps.to_vec();
        if let Some(action) = &self.action {
            let last = steps.pop()?;
            steps.push(last.strip_suffix(action)?.strip_suffix(':')?.to_owned());
        }
        if steps.len() != self.steps.len() {
            return None;
        }
        let mut values = vec![Vec::new(); self.fields.len()];
        for (step, given) in self.steps.iter().zip(&steps) {
            match step {
                Step::Literal(text) if text == given => {}
                Step::Within(number, text) if text == given => values[*number].push(given.as_str()),
                Step::Any(number) if !given.is_empty() => values[*number].push(given),
                _ => return None,
            }
        }
        Some(self.fields.iter().cloned().zip(values.iter().map(|parts| parts.join("/"))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let steps: Vec<_> = path[1..].split('/').map(str::to_owned).collect();
        Template::parse(template).unwrap().matched(&steps)
    }

    #[test]
    fn a_template_gives_its_fields() {
        let field = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(matched("/api/stats", "/api/stats"), Some(vec![]));
        assert_eq!(matched("/api/{venue}/stats", "/api/x/stats"), Some(field("venue", "x")));
        assert_eq!(matched("/api/{name=f/*}:decide", "/api/f/1:decide"), Some(field("name", "f/1")));
        assert_eq!(matched("/api/{name=f/*}:decide", "/api/f/1"), None);
        assert_eq!(matched("/api/{name=f/*}:decide", "/api/g/1:decide"), None);
        assert_eq!(matched("/api/{venue}/stats", "/api//stats"), None);
        assert_eq!(matched("/api/{venue}", "/api/x/y"), None);
    }

    #[test]
    fn what_is_no_template_is_none() {
        for text in ["api", "/api/{venue", "/api/{venue}x"] {
            assert!(Template::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_literal_says_more_than_a_field() {
        let of = |text| Template::parse(text).unwrap().literalness();
        assert!(of("/api/alerts/check") > of("/api/{venue}/check"));
    }
}
