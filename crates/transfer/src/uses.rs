//! Which keys a job still needs, by name, as the journal has it.

use std::collections::BTreeSet;

use dipper_s3::ServerSide;

use crate::protect::{Protected, Protection};
use crate::spec::{Change, Order, Spec};

/// Of places only those count that the job may write to.
pub fn keys_needed(spec: &str, prefix: &str) -> BTreeSet<String> {
    let Ok(order) = serde_json::from_str::<Order>(spec) else { return BTreeSet::new() };
    let mut names = BTreeSet::new();
    match order.spec {
        Spec::Upload { headers, sending, .. } => {
            of_server(headers.encryption, &mut names);
            names.extend(sending.seal.into_iter().flat_map(|seal| seal.keys));
            of_places(sending.places, prefix, &mut names);
        }
        Spec::Copy(copy) => {
            of_server(copy.encryption, &mut names);
            of_places(copy.places, prefix, &mut names);
        }
        Spec::Change(Change::Encryption { with }) => of_server(Some(with), &mut names),
        _ => {}
    }
    names
}

fn of_server(with: Option<ServerSide>, names: &mut BTreeSet<String>) {
    let with = with.map(|with| Protection::Server { with });
    names.extend(with.iter().flat_map(Protection::keys).cloned());
}

fn of_places(places: Option<Vec<Protected>>, prefix: &str, names: &mut BTreeSet<String>) {
    let places = places.unwrap_or_default();
    let met = |place: &&Protected| {
        place.prefix.starts_with(prefix) || prefix.starts_with(place.prefix.as_str())
    };
    names.extend(places.iter().filter(met).flat_map(|place| place.protection.keys()).cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed::Seal;
    use crate::spec::Sending;

    fn upload(sending: Sending) -> String {
        let spec = Spec::Upload {
            sources: Vec::new(),
            headers: Default::default(),
            on_existing: crate::spec::OnExisting::Skip,
            keep: Default::default(),
            sending: Box::new(sending),
        };
        serde_json::to_string(&Order::from(spec)).unwrap()
    }

    #[test]
    fn of_an_upload_and_its_places() {
        let seal = |key: &str| Seal { format: "age".into(), keys: vec![key.to_owned()] };
        let place = |prefix: &str, key: &str| Protected {
            prefix: prefix.into(),
            protection: Protection::Client { seal: seal(key) },
        };
        let sending = Sending {
            seal: Some(seal("own")),
            places: Some(vec![place("", "all"), place("a/b/", "in"), place("c/", "beside")]),
            ..Sending::default()
        };
        let spec = upload(sending);
        let names = |prefix| keys_needed(&spec, prefix).into_iter().collect::<Vec<_>>();
        assert_eq!(names("a/"), ["all", "in", "own"]);
        assert_eq!(names("a/b/c/"), ["all", "in", "own"]);
        assert_eq!(names(""), ["all", "beside", "in", "own"]);
        assert!(keys_needed(&upload(Sending::default()), "").is_empty());
        assert!(keys_needed("of a newer version", "").is_empty());
    }

    #[test]
    fn of_a_change() {
        let with = ServerSide::Customer { key: "mine".into() };
        let spec = Order::from(Spec::Change(Change::Encryption { with }));
        let spec = serde_json::to_string(&spec).unwrap();
        assert!(keys_needed(&spec, "").contains("mine"));
    }
}
