//! `--checksum`: what uploads carry, and servers keep.

use crate::support::{World, noise};

fn kept(world: &World, key: &str) -> Vec<(String, String)> {
    let info = world.run(["info", "--json", &format!("s3://bucket/{key}")]).ok().json().remove(0);
    let all = info["checksums"].as_object().unwrap().iter();
    all.map(|(algorithm, value)| (algorithm.clone(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn each_is_sent_and_kept() {
    let world = World::with_bucket();
    world.write("small", "123456789");
    let bytes = noise(17 << 20, 7);
    world.write("large", &bytes);
    world.write("d/deep", "123456789");
    for (word, value) in [
        ("crc64nvme", "rosUhgp5mIg="),
        ("crc32c", "4waSgw=="),
        ("crc32", "y/Q5Jg=="),
        ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    ] {
        let told =
            world.run(["--json", "put", "--checksum", word, "small", "s3://bucket/small"]).ok();
        assert_eq!(told.json()[0]["verifiedBy"], word);
        assert_eq!(kept(&world, "small"), [(word.to_owned(), value.to_owned())]);
        let whole =
            ["put", "--disable-multipart", "--checksum", word, "large", "s3://bucket/whole"];
        world.run(whole).ok();
        assert_eq!(kept(&world, "whole")[0].0, word);
        world.run(["put", "--checksum", word, "large", "s3://bucket/parts"]).ok();
        let parts = kept(&world, "parts");
        assert_eq!(parts[0].0, word);
        // Hashes of parts are told with their number, CRCs are the whole object's.
        let (is_hash, same) = (word.starts_with("sha"), parts == kept(&world, "whole"));
        assert_eq!((is_hash, same), (is_hash, !is_hash), "{parts:?}");
        for key in ["whole", "parts"] {
            world.run(["get", "--force", &format!("s3://bucket/{key}"), "back"]).ok();
            assert!(world.read("back") == bytes, "{word} {key}");
        }
        world.run(["sync", "--checksum", word, "d/", &format!("s3://bucket/{word}/")]).ok();
        assert_eq!(kept(&world, &format!("{word}/deep"))[0], (word.to_owned(), value.to_owned()));
    }
    world.run(["put", "--checksum", "md5", "small", "s3://bucket/md5"]).ok();
    world.run(["put", "--checksum", "md5", "large", "s3://bucket/md5-parts"]).ok();
    assert_eq!(world.run(["put", "--checksum", "md4", "small", "s3://bucket/x"]).code, 64);
}

/// A service that is known to keep none is not sent anything.
#[test]
fn who_keeps_none_says_so() {
    let world = World::with_bucket();
    world.write("small", "123456789");
    world.write("large", noise(17 << 20, 7));
    for (file, word) in [("small", "sha256"), ("large", "crc32c"), ("small", "crc64nvme")] {
        let words = ["--provider", MD5_ONLY, "put", "--checksum", word, file, "s3://bucket/x"];
        world.run(words).exits(11).says("not known to keep checksums");
    }
    assert!(world.keys().is_empty());
    world.run(["--provider", MD5_ONLY, "put", "--checksum", "md5", "small", "s3://bucket/x"]).ok();
}

const MD5_ONLY: &str = "garage";
