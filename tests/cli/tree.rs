use crate::support::World;

fn stocked() -> World {
    let world = World::with_bucket();
    for key in ["a", "dir/b", "dir/sub/c", "dir/sub/d", "z/e"] {
        world.put(key, b"1234");
    }
    world
}

#[test]
fn folders_and_objects() {
    let world = stocked();
    let ran = world.run(["tree", "s3://bucket"]).ok();
    assert_eq!(
        ran.out,
        "s3://bucket/\n├── a\n├── dir/\n│   ├── b\n│   └── sub/\n│       ├── c\n│       └── d\n\
         └── z/\n    └── e\n\n3 folders, 5 objects\n"
    );
    let ran = world.run(["tree", "-L", "1", "--sizes", "s3://bucket/dir"]).ok();
    assert_eq!(
        ran.out,
        "s3://bucket/dir/\n├── [           4]  b\n└── sub/\n\n1 folders, 1 objects, 4\n"
    );
    let ran = world.run(["tree", "-d", "s3://bucket"]).ok();
    assert_eq!(ran.out, "s3://bucket/\n├── dir/\n│   └── sub/\n└── z/\n\n3 folders\n");
    world.run(["tree", "-H", "s3://bucket/dir/sub"]).ok().prints("[    4 ]  c");
    world.run(["tree", "s3://no-such-bucket"]).exits(12);
}

#[test]
fn json_has_a_line_each_and_the_sum() {
    let world = stocked();
    let rows = world.run(["tree", "--json", "s3://bucket"]).ok().json();
    let kinds: Vec<_> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "object").count(), 5);
    assert_eq!(kinds.last(), Some(&"tree"));
    assert_eq!(rows[3]["prefix"], "dir/sub/");
    assert_eq!(rows[3]["depth"], 2);
    assert_eq!(rows.last().unwrap()["bytes"], 20);
}

/// A folder of more than a page: its last entry is known as the last.
#[test]
fn pages_are_one_folder() {
    let world = World::with(&["--seed-keys", "2300"]);
    let out = world.run(["tree", "s3://seed"]).ok().out;
    assert_eq!(out.matches("2300 objects").count(), 1, "{}", &out[out.len() - 80..]);
}
