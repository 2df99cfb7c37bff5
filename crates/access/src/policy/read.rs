use super::{
    Condition, Effect, Patterns, Policy, PolicyError, PolicyPrincipal, Principals, Problem,
    Severity, Statement,
};
use crate::json::{self, Broken, Kind, Node, Place};

/// Reads what can be read, and notes every problem on the way.
pub(super) fn read(text: &str) -> Result<(Policy, Vec<Problem>), PolicyError> {
    if text.len() > Policy::MAX_BYTES {
        return Err(PolicyError::TooLarge { bytes: text.len(), max: Policy::MAX_BYTES });
    }
    let root = match json::parse(text) {
        Ok(root) => root,
        Err(Broken::Syntax(source)) => return Err(PolicyError::Json { source }),
        Err(Broken::TooDeep(at)) => {
            let message = "the JSON is nested too deep".to_owned();
            let (line, column) = (at.line, at.column);
            let first = Problem { line, column, severity: Severity::Error, message };
            return Err(PolicyError::Malformed { first });
        }
    };
    let mut reader = Reader { problems: Vec::new() };
    let policy = reader.policy(&root);
    Ok((policy, reader.problems))
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn wrong(&mut self, at: Place, message: impl Into<String>) {
        self.problems.push(Problem {
            line: at.line,
            column: at.column,
            severity: Severity::Error,
            message: message.into(),
        });
    }

    /// The members by name; those that are unknown or there twice become problems.
    fn members<'n>(
        &mut self,
        what: &str,
        members: &'n [(Place, String, Node)],
        known: &[&str],
    ) -> Vec<(&'n str, &'n Node)> {
        let mut seen: Vec<(&str, &Node)> = Vec::new();
        for (at, name, node) in members {
            if seen.iter().any(|(n, _)| n == name) {
                self.wrong(*at, format!("{what} has \"{name}\" twice"));
            } else if known.contains(&name.as_str()) {
                seen.push((name, node));
            } else if let Some(meant) = known.iter().find(|k| k.eq_ignore_ascii_case(name)) {
                self.wrong(*at, format!("write \"{meant}\", not \"{name}\""));
            } else {
                self.wrong(*at, format!("{what} has no element \"{name}\""));
            }
        }
        seen
    }

    fn policy(&mut self, root: &Node) -> Policy {
        let mut policy = Policy { version: None, id: None, statements: Vec::new() };
        let Kind::Object(members) = &root.kind else {
            self.wrong(root.at, "a policy is a JSON object");
            return policy;
        };
        let members = self.members("a policy", members, &["Version", "Id", "Statement"]);
        for (name, node) in &members {
            match *name {
                "Version" => match node.as_str() {
                    Some(v @ ("2012-10-17" | "2008-10-17")) => policy.version = Some(v.to_owned()),
                    _ => self.wrong(node.at, "Version is \"2012-10-17\" or \"2008-10-17\""),
                },
                "Id" => match node.as_str() {
                    Some(id) => policy.id = Some(id.to_owned()),
                    None => self.wrong(node.at, "Id is a text"),
                },
                _ => match &node.kind {
                    Kind::Array(items) if !items.is_empty() => {
                        policy.statements =
                            items.iter().filter_map(|i| self.statement(i)).collect();
                    }
                    Kind::Object(_) => {
                        policy.statements = self.statement(node).into_iter().collect()
                    }
                    _ => self.wrong(node.at, "Statement is a statement or a list of statements"),
                },
            }
        }
        if !members.iter().any(|(name, _)| *name == "Statement") {
            self.wrong(root.at, "the policy has no Statement");
        }
        self.unique_sids(&policy);
        policy
    }

    fn unique_sids(&mut self, policy: &Policy) {
        for (i, statement) in policy.statements.iter().enumerate() {
            let twice = statement.sid.is_some()
                && policy.statements[..i].iter().any(|s| s.sid == statement.sid);
            if twice {
                let at = Place { line: statement.line, column: statement.column };
                self.wrong(at, "two statements have the same Sid");
            }
        }
    }

    fn statement(&mut self, node: &Node) -> Option<Statement> {
        let Kind::Object(members) = &node.kind else {
            self.wrong(node.at, "a statement is a JSON object");
            return None;
        };
        const KNOWN: [&str; 9] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        let members = self.members("a statement", members, &KNOWN);
        let get = |name: &str| members.iter().find(|(n, _)| *n == name).map(|(_, node)| *node);
        let sid = get("Sid").and_then(|n| {
            let sid = n.as_str().map(str::to_owned);
            if sid.is_none() {
                self.wrong(n.at, "Sid is a text");
            }
            sid
        });
        let effect = match get("Effect").map(|n| (n.at, n.as_str())) {
            Some((_, Some("Allow"))) => Some(Effect::Allow),
            Some((_, Some("Deny"))) => Some(Effect::Deny),
            Some((at, _)) => {
                self.wrong(at, "Effect is \"Allow\" or \"Deny\"");
                None
            }
            None => {
                self.wrong(node.at, "the statement has no Effect");
                None
            }
        };
        let principals = self.principals(node.at, get("Principal"), get("NotPrincipal"));
        let actions = self.patterns(node.at, "Action", get("Action"), get("NotAction"));
        let resources = self.patterns(node.at, "Resource", get("Resource"), get("NotResource"));
        let conditions = get("Condition").map_or_else(Vec::new, |n| self.conditions(n));
        Some(Statement {
            sid,
            effect: effect?,
            principals: principals?,
            actions: actions?,
            resources: resources?,
            conditions,
            line: node.at.line,
            column: node.at.column,
        })
    }

    fn principals(
        &mut self,
        at: Place,
        only: Option<&Node>,
        except: Option<&Node>,
    ) -> Option<Principals> {
        match (only, except) {
            (Some(node), None) => Some(Principals::Only(self.principal_list(node))),
            (None, Some(node)) => Some(Principals::Except(self.principal_list(node))),
            (None, None) => {
                self.wrong(at, "the statement has no Principal");
                None
            }
            (Some(_), Some(_)) => {
                self.wrong(at, "a statement has Principal or NotPrincipal, not both");
                None
            }
        }
    }

    fn principal_list(&mut self, node: &Node) -> Vec<PolicyPrincipal> {
        if node.as_str() == Some("*") {
            return vec![PolicyPrincipal::Everyone];
        }
        let Kind::Object(kinds) = &node.kind else {
            self.wrong(node.at, "Principal is \"*\" or an object such as {\"AWS\": \"…\"}");
            return Vec::new();
        };
        let mut list = Vec::new();
        let known = ["AWS", "CanonicalUser", "Service", "Federated"];
        for (name, node) in self.members("Principal", kinds, &known) {
            let Some(texts) = node.strings() else {
                self.wrong(node.at, format!("{name} is a text or a list of texts"));
                continue;
            };
            list.extend(texts.into_iter().map(|(_, text)| match name {
                "AWS" if text == "*" => PolicyPrincipal::Everyone,
                "AWS" => PolicyPrincipal::Aws(text),
                "CanonicalUser" => PolicyPrincipal::Canonical(text),
                "Service" => PolicyPrincipal::Service(text),
                _ => PolicyPrincipal::Federated(text),
            }));
        }
        if list.is_empty() {
            self.wrong(node.at, "Principal names nobody");
        }
        list
    }

    fn patterns(
        &mut self,
        at: Place,
        name: &str,
        only: Option<&Node>,
        except: Option<&Node>,
    ) -> Option<Patterns> {
        let mut list = |node: &Node| {
            let texts =
                node.strings().filter(|l| !l.is_empty() && l.iter().all(|t| !t.1.is_empty()));
            if texts.is_none() {
                self.wrong(node.at, format!("{name} is a text or a list of texts"));
            }
            texts.map(|l| l.into_iter().map(|(_, text)| text).collect())
        };
        match (only, except) {
            (Some(node), None) => list(node).map(Patterns::Only),
            (None, Some(node)) => list(node).map(Patterns::Except),
            (None, None) => {
                self.wrong(at, format!("the statement has no {name}"));
                None
            }
            (Some(_), Some(_)) => {
                self.wrong(at, format!("a statement has {name} or Not{name}, not both"));
                None
            }
        }
    }

    fn conditions(&mut self, node: &Node) -> Vec<Condition> {
        let Kind::Object(operators) = &node.kind else {
            self.wrong(node.at, "Condition is an object such as {\"StringEquals\": {…}}");
            return Vec::new();
        };
        let mut list = Vec::new();
        for (_, operator, keys) in operators {
            let Kind::Object(keys) = &keys.kind else {
                self.wrong(keys.at, format!("{operator} holds an object of keys and values"));
                continue;
            };
            for (_, key, values) in keys {
                list.push(Condition {
                    operator: operator.clone(),
                    key: key.clone(),
                    values: condition_values(values),
                });
            }
        }
        list
    }
}

/// Conditions may hold numbers and booleans, too; they compare as texts.
fn condition_values(node: &Node) -> Vec<String> {
    match &node.kind {
        Kind::String(text) | Kind::Bare(text) => vec![text.clone()],
        Kind::Array(items) => items.iter().flat_map(condition_values).collect(),
        Kind::Object(_) => Vec::new(),
    }
}
