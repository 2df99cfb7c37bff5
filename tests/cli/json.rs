//! `--json`: every line of every verb is one object, as `docs/json.md` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::World;

const DOCS: &str = include_str!("../../docs/json.md");

struct Field {
    kinds: Vec<String>,
    optional: bool,
}

/// A row of the tables: of these verbs and types, the fields.
struct Row {
    types: Vec<String>,
    verbs: Vec<String>,
    fields: BTreeMap<String, Field>,
}

fn rows() -> Vec<Row> {
    let list = |cell: &str| -> Vec<String> {
        cell.split(',').map(|word| word.trim().trim_matches('`').to_owned()).collect()
    };
    let lines = DOCS.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| `type`"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [types, verbs, fields] = cells.as_slice() else { panic!("no row: {line}") };
            let fields = fields.split(',').map(|field| {
                let (name, kinds) = field.trim().split_once(": ").unwrap();
                let optional = name.ends_with('?');
                let kinds = kinds.split(' ').map(str::to_owned).collect();
                (name.trim_end_matches('?').to_owned(), Field { kinds, optional })
            });
            Row { types: list(types), verbs: list(verbs), fields: fields.collect() }
        })
        .collect()
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "text" => value.is_string(),
        "number" => value.is_number(),
        "yes" => value.is_boolean(),
        "list" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        "time" => value.as_str().is_some_and(|t| t.contains('T') && t.ends_with('Z')),
        "any" => true,
        other => panic!("docs/json.md has no kind '{other}'"),
    }
}

impl Row {
    /// What keeps a line from being of this row.
    fn against(&self, line: &Value) -> Option<String> {
        let has = line.as_object().unwrap();
        for (name, field) in &self.fields {
            match has.get(name) {
                None if !field.optional => return Some(format!("no {name}")),
                Some(value) if !field.kinds.iter().any(|kind| is(kind, value)) => {
                    return Some(format!("{name} is {value}"));
                }
                _ => {}
            }
        }
        let more = has.keys().find(|name| *name != "type" && !self.fields.contains_key(*name));
        more.map(|name| format!("{name} is not told of"))
    }
}

const NOUNS: [&str; 19] = [
    "acl",
    "ownership",
    "block",
    "versioning",
    "encryption",
    "lifecycle",
    "cors",
    "website",
    "logging",
    "notification",
    "tags",
    "lock",
    "retention",
    "legalhold",
    "replication",
    "inventory",
    "tiering",
    "payer",
    "accelerate",
];

/// s3cmd's verbs say what the nouns say.
const ALIASES: &[(&str, &str)] = &[
    ("settagging", "tags set"),
    ("deltagging", "tags rm"),
    ("setcors", "cors set"),
    ("delcors", "cors rm"),
    ("setlifecycle", "lifecycle set"),
    ("dellifecycle", "lifecycle rm"),
    ("setnotification", "notification set"),
    ("delnotification", "notification rm"),
    ("setversioning", "versioning set"),
    ("setownership", "ownership set"),
    ("setblockpublicaccess", "block set"),
    ("setobjectlegalhold", "legalhold set"),
    ("setobjectretention", "retention set"),
    ("ws-create", "website set"),
    ("ws-delete", "website rm"),
    ("ws-info", "website get"),
    ("expire", "lifecycle set"),
    ("accesslog", "logging set"),
    ("gettagging", "tags get"),
    ("getcors", "cors get"),
    ("getlifecycle", "lifecycle get"),
    ("getnotification", "notification get"),
    ("payer", "payer set"),
    ("setpolicy", "policy set"),
    ("delpolicy", "policy rm"),
    ("rm", "del"),
    ("mpu", "multipart"),
];

fn wrong(rows: &[Row], verb: &str, line: &Value) -> Option<String> {
    let verb = ALIASES.iter().find(|(alias, _)| *alias == verb).map_or(verb, |(_, noun)| noun);
    let noun = verb.split(' ').next().filter(|noun| NOUNS.contains(noun) || *noun == "policy");
    let general =
        noun.and_then(|noun| verb.strip_prefix(noun)).map(|action| format!("NOUN{action}"));
    let kind = line["type"].as_str().unwrap_or("none");
    let mut why = Vec::new();
    for row in rows {
        let of = |wanted: &str| row.verbs.iter().any(|known| known == wanted);
        let typed = row.types.iter().any(|known| known == kind);
        let noun_row =
            row.types == ["NOUN"] && noun == Some(kind) && general.as_deref().is_some_and(of);
        if (typed && of(verb)) || noun_row {
            match row.against(line) {
                None => return None,
                Some(reason) => why.push(reason),
            }
        }
    }
    Some(match why.is_empty() {
        true => format!("docs/json.md has no '{kind}' of `{verb}`"),
        false => why.join("; "),
    })
}

/// `V` stands for an older version of `a`, `U` for an unfinished upload of `k`, `J` for a job that failed.
const RUNS: &[&str] = &[
    "mb s3://other",
    "mb -n s3://third",
    "put -n f s3://bucket/f",
    "put f s3://bucket/f",
    "put -r d s3://bucket/",
    "ls",
    "ls s3://bucket",
    "ls -r --list-md5 s3://bucket",
    "la",
    "ls --at 2030-01-01 s3://bucket",
    "find --name f s3://bucket",
    "find --name f --delete -n s3://bucket",
    "tree s3://bucket",
    "du s3://bucket",
    "du --depth 1 s3://bucket",
    "du --by class s3://bucket",
    "du --by age s3://bucket",
    "info s3://bucket",
    "info s3://bucket/a",
    "info --attributes s3://bucket/a",
    "access s3://bucket",
    "versions s3://bucket/a",
    "versions s3://bucket/gone",
    "get s3://bucket/a got",
    "get -n s3://bucket/a got",
    "get --delete-after-fetch s3://bucket/f fetched",
    "sync -n --delete-removed d/ s3://other/",
    "sync d/ s3://other/",
    "sync s3://other/ down/",
    "sync s3://other/ s3://bucket/synced/",
    "sync --delete-removed hollow/ d2/ s3://other/",
    "sync -n s3://bucket/synced/ down2/",
    "sync --delete-removed s3://bucket/synced/ down3/",
    "watch -n d s3://other/w/",
    "cp s3://bucket/a s3://bucket/b",
    "cp -n s3://bucket/a s3://bucket/b2",
    "mv s3://bucket/b s3://bucket/c",
    "mv -n s3://bucket/c s3://bucket/d",
    "?diff d s3://other/",
    "?diff --all d s3://bucket/synced/",
    "?check d s3://bucket/synced/",
    "modify -m text/x s3://bucket/c",
    "modify -n -m text/x s3://bucket/c",
    "restore -n s3://bucket/c",
    "setacl -P s3://bucket/c",
    "setacl -P s3://bucket",
    "locate --refresh s3://bucket --profile guest",
    "locate f",
    "locate --count f",
    "locate --known",
    "setacl -n --acl-grant read:anon s3://bucket/c",
    "setacl --acl-grant read:anon s3://bucket/c",
    "del -n s3://bucket/c",
    "del s3://bucket/c",
    "del --version-id V s3://bucket/a",
    "undelete s3://bucket/gone",
    "undo -n --last s3://bucket/a",
    "undo --last s3://bucket/gone",
    "restore-version -n s3://bucket/two",
    "restore-version s3://bucket/two",
    "purge -n s3://bucket/two",
    "purge s3://bucket/two",
    "fixbucket -n s3://bucket",
    "fixbucket s3://bucket",
    "multipart s3://bucket",
    "listmp s3://bucket/k U",
    "abortmp -n s3://bucket/k U",
    "abortmp s3://bucket/k U",
    "presign s3://bucket/a",
    "presign -n s3://bucket/a",
    "presign -X POST s3://bucket/in/",
    "presign --list",
    "presign -n --forget all",
    "presign --forget all",
    "signurl s3://bucket/a +60",
    "sign text",
    "acl get s3://bucket/a",
    "tags set s3://bucket/a k=v",
    "tags get s3://bucket/a",
    "tags rm -n s3://bucket/a",
    "tags rm s3://bucket/a",
    "settagging s3://bucket k=v",
    "gettagging s3://bucket",
    "deltagging s3://bucket",
    "ownership get s3://bucket",
    "setownership s3://bucket ObjectWriter",
    "block set s3://bucket BlockPublicAcls",
    "block get s3://bucket",
    "setblockpublicaccess s3://bucket BlockPublicAcls",
    "versioning get s3://bucket",
    "setversioning s3://bucket enable",
    "encryption set s3://bucket AES256",
    "encryption get s3://bucket",
    "encryption rm s3://bucket",
    "setlifecycle lifecycle s3://bucket",
    "getlifecycle s3://bucket",
    "dellifecycle s3://bucket",
    "expire s3://bucket --expiry-days 3",
    "expire -n s3://bucket --expiry-days 3",
    "setcors cors s3://bucket",
    "getcors s3://bucket",
    "delcors s3://bucket",
    "setnotification notification s3://bucket",
    "getnotification s3://bucket",
    "delnotification s3://bucket",
    "ws-create s3://bucket",
    "ws-create -n s3://bucket",
    "ws-info s3://bucket",
    "ws-delete s3://bucket",
    "accesslog s3://bucket --access-logging-target-prefix s3://bucket/log/",
    "logging get s3://bucket",
    "payer s3://bucket --requester-pays",
    "payer get s3://bucket",
    "accelerate set s3://bucket enable",
    "legalhold set -n s3://locked/o on",
    "legalhold set s3://locked/o on",
    "legalhold get s3://locked/o",
    "setobjectlegalhold OFF s3://locked/o",
    "setobjectretention GOVERNANCE 1d s3://locked/o",
    "retention get s3://locked/o",
    "lock get s3://locked",
    "setpolicy -n policy s3://bucket",
    "setpolicy policy s3://bucket",
    "policy get s3://bucket",
    "policy status s3://bucket",
    "policy rm -n s3://bucket",
    "policy set s3://bucket policy",
    "delpolicy s3://bucket",
    "doctor -n s3://other",
    "doctor s3://other",
    "capabilities s3://other",
    "profile ls",
    "profile show guest",
    "profile rm -n guest",
    "profile login -n guest",
    "profile import -n --from s3cfg file.s3cfg",
    "profile rm guest",
    "vault status",
    "vault passphrase -n",
    "vault key-file --plaintext -n",
    "key add -n k",
    "key rm -n k",
    "key export -n k out",
    "key default s3://bucket --sse AES256",
    "key defaults",
    "key ls",
    "jobs ls",
    "jobs report J",
    "jobs cancel -n J",
    "jobs repeat -n J",
    "jobs clear -n",
    "jobs retry J",
    "dump-config",
    "rb -n s3://other",
    "rb -r s3://other",
];

#[test]
fn every_line_is_as_it_is_written_down() {
    let world = World::with_bucket();
    world.run(["versioning", "set", "s3://bucket", "enable"]).ok();
    world.run(["mb", "--object-lock", "s3://locked"]).ok();
    world.run_with_input(["put", "-", "s3://locked/o"], b"x").ok();
    for key in ["a", "gone", "two", "tab\there"] {
        world.put(key, b"one");
        world.put(key, b"two");
    }
    world.run(["del", "s3://bucket/gone"]).ok();
    for name in ["f", "d/e", "d/sub/g", "d2/h", "hollow/i", "down3/stray"] {
        world.write(name, name);
    }
    world.write("cors", r#"{"corsRules":[{"allowedMethods":["GET"],"allowedOrigins":["*"]}]}"#);
    let statement = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}"#;
    world.write("policy", format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#));
    let rule = r#"{"id":"x","status":"Enabled","filter":{"prefix":"p/"},"expiration":{"days":3}}"#;
    world.write("lifecycle", format!(r#"{{"rules":[{rule}]}}"#));
    world.write("notification", "{}");
    std::fs::copy(world.home().join(".s3cfg"), world.path("file.s3cfg")).unwrap();
    let guest = ["--json", "profile", "add", "guest", "--anonymous", "--endpoint"];
    let guest = guest.iter().copied().chain([world.server.endpoint.as_str()]);
    let added = world.run_with_input(guest, b"").ok().json();
    world.run(["put", "f", "s3://not-there"]).exits(12);
    let job = world.run(["jobs", "ls", "--json"]).ok().json();
    let job = job.iter().find(|job| job["state"] == "failed").unwrap()["id"].to_string();
    let versions = world.run(["versions", "--json", "s3://bucket/a"]).ok().json();
    let version = versions[1]["versionId"].as_str().unwrap().to_owned();
    let upload = begun(&world);

    let rows = rows();
    let mut bad = Vec::new();
    let mut check = |verb: &str, words: &str, lines: &[Value]| {
        for line in lines {
            if let Some(why) = wrong(&rows, verb, line) {
                bad.push(format!("{words}\n    {why}\n    {line}"));
            }
        }
    };
    check("profile add", "profile add", &added);
    let failed = world.run(["--json", "get", "s3://bucket/none", "x"]).exits(12);
    check("errors", "get s3://bucket/none", &failed.json_errors());
    let usage = world.run(["--json", "cp", "s3://bucket", "s3://other"]).exits(64);
    check("errors", "cp s3://bucket", &usage.json_errors());
    let verbs: Vec<&str> = include_str!("verbs.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('|').unwrap().0.trim())
        .collect();
    let mut ran = BTreeSet::from(["profile add", "pipe", "sandbox", "run", "configure"]);
    for words in RUNS {
        let (any_end, words) = words.strip_prefix('?').map_or((false, *words), |rest| (true, rest));
        let given = words.split(' ').map(|word| match word {
            "V" => version.as_str(),
            "U" => upload.as_str(),
            "J" => job.as_str(),
            other => other,
        });
        let verb =
            verbs.iter().filter(|verb| words == **verb || words.starts_with(&format!("{verb} ")));
        let verb = *verb.max_by_key(|verb| verb.len()).unwrap();
        ran.insert(verb);
        let told = world.run(std::iter::once("--json").chain(given));
        let expected = any_end || words.starts_with("jobs retry") || told.code == 0;
        assert!(expected, "{words}: {}\n{}", told.code, told.err);
        check(verb, words, &told.json());
    }
    let piped = world.run_with_input(["--json", "pipe", "s3://bucket/p"], b"x").ok();
    check("pipe", "pipe", &piped.json());
    let lines = world.run_with_input(["--json", "run", "-"], b"ls s3://bucket\n").ok();
    check("ls", "run", &lines.json());
    let server: Vec<Value> = vec![serde_json::from_str(&world.server.ready).unwrap()];
    check("sandbox", "sandbox", &server);
    assert!(bad.is_empty(), "{} lines:\n{}", bad.len(), bad.join("\n"));

    // Nothing to say, bytes, or servers that are not here (CloudFront's is in `elsewhere.rs`).
    let elsewhere = ["cat", "head", "tail", "completions", "man"];
    let untried: Vec<&&str> = verbs
        .iter()
        .filter(|verb| {
            !ran.contains(**verb) && !elsewhere.contains(*verb) && !verb.starts_with("cf")
        })
        .filter(|verb| {
            // Of the nouns, which are all alike, and of what asks somebody, one each is enough.
            let (noun, action) = verb.split_once(' ').unwrap_or((**verb, ""));
            let of_noun = NOUNS.contains(&noun) && ["get", "set", "rm"].contains(&action);
            !of_noun && !["jobs", "vault", "profile"].contains(&noun)
        })
        .collect();
    assert!(untried.is_empty(), "never run: {untried:?}");
}

/// An unfinished upload of `k`: its id.
fn begun(world: &World) -> String {
    use std::process::Stdio;
    world.write("large", crate::support::noise(64 << 20, 3));
    let words =
        ["put", "--limit-rate", "6m", "--multipart-chunk-size-mb=5", "large", "s3://bucket/k"];
    let mut child =
        world.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = std::time::Instant::now();
    let id = loop {
        let open = world.run(["multipart", "--json", "s3://bucket"]).ok().json();
        if let Some(one) = open.first() {
            let id = one["uploadId"].as_str().unwrap().to_owned();
            let parts = world.run(["listmp", "--json", "s3://bucket/k", &id]).json();
            if !parts.is_empty() {
                break id;
            }
        }
        assert!(began.elapsed().as_secs() < 60, "it never began");
    };
    child.kill().unwrap();
    child.wait().unwrap();
    id
}
