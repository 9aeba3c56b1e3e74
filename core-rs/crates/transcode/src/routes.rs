//! The routes of a descriptor set, and which of them a path means.

use crate::error::{Refusal, TranscodeError};
use crate::percent::decoded;
use crate::template::Template;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage, Value};

const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Where a request's body goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Nowhere,
    Whole,
    Field(String),
}

/// Fields of a path, and their texts.
pub type Bound = Vec<(String, String)>;

/// One verb of one path, and its method.
#[derive(Clone, Debug)]
pub struct Route {
    verb: String,
    template: Template,
    body: Body,
    method: MethodDescriptor,
}

impl Route {
    /// In capitals.
    pub fn verb(&self) -> &str {
        &self.verb
    }

    pub fn pattern(&self) -> &str {
        self.template.text()
    }

    pub fn method(&self) -> &MethodDescriptor {
        &self.method
    }

    /// `package.Service/Method`.
    pub fn method_path(&self) -> String {
        format!("{}/{}", self.method.parent_service().full_name(), self.method.name())
    }

    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Names of the fields that are in the path.
    pub fn fields(&self) -> &[String] {
        self.template.fields()
    }
}

/// All of them.
pub struct Routes {
    all: Vec<Route>,
}

impl Routes {
    pub fn of(pool: &DescriptorPool) -> Result<Self, TranscodeError> {
        let mut all = Vec::new();
        let Some(option) = pool.get_extension_by_name("google.api.http") else {
            return Ok(Self { all });
        };
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let options = method.options();
            if options.has_extension(&option) {
                add(&mut all, &method, options.get_extension(&option).as_message())?;
            }
        }
        Ok(Self { all })
    }

    pub fn all(&self) -> &[Route] {
        &self.all
    }

    /// The route that says most about the path, and what the path gives its fields.
    pub fn find(&self, verb: &str, path: &str) -> Result<(&Route, Bound), Refusal> {
        let steps = steps_of(path).ok_or(Refusal::NotFound)?;
        let mut matching: Vec<_> =
            self.all.iter().filter_map(|route| Some((route, route.template.matched(&steps)?))).collect();
        let best = matching.iter().map(|(route, _)| route.template.literalness()).max().ok_or(Refusal::NotFound)?;
        matching.retain(|(route, _)| route.template.literalness() == best);
        let verbs: Vec<_> = matching.iter().map(|(route, _)| route.verb.clone()).collect();
        matching.into_iter().find(|(route, _)| route.verb == verb).ok_or(Refusal::Verb(verbs))
    }
}

fn add(all: &mut Vec<Route>, method: &MethodDescriptor, rule: Option<&DynamicMessage>) -> Result<(), TranscodeError> {
    let rule = rule.ok_or_else(|| TranscodeError(format!("{}: an option that is no rule", method.full_name())))?;
    all.push(route_of(method, rule).ok_or_else(|| TranscodeError(format!("{}: no route", method.full_name())))?);
    if let Some(Value::List(more)) = rule.get_field_by_name("additional_bindings").as_deref() {
        for binding in more {
            add(all, method, binding.as_message())?;
        }
    }
    Ok(())
}

fn route_of(method: &MethodDescriptor, rule: &DynamicMessage) -> Option<Route> {
    let verb = VERBS.into_iter().find(|verb| rule.has_field_by_name(verb))?;
    let template = Template::parse(rule.get_field_by_name(verb)?.as_str()?)?;
    let kind = method.input();
    let body = match rule.get_field_by_name("body")?.as_str()? {
        "" => Body::Nowhere,
        "*" => Body::Whole,
        field => Body::Field(kind.get_field_by_name(field)?.json_name().to_owned()),
    };
    debug_assert_eq!(rule.descriptor().full_name(), "google.api.HttpRule");
    Some(Route { verb: verb.to_uppercase(), template, body, method: method.clone() })
}

/// The decoded parts of a path; None where it is no text.
fn steps_of(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/')?.split('/').map(decoded).collect()
}
