//! Every verb, by s3cmd and by Dipper, on two buckets of one server that are alike: the same lines and
//! the same end, or the difference stands in docs/s3cmd.md.

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Ran, World, masked, noise};

/// How alike the two are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Like {
    /// Letter for letter, without times.
    Same,
    /// But for the counts and rates at the ends of lines, and their order.
    Lines,
    /// All that s3cmd says is said, and more.
    More,
    /// Only how it ends; the words are told of in docs/s3cmd.md.
    Code,
    /// They differ in that, too, and that is told of there as well.
    Ends(i32, i32),
}
use Like::{Code, Ends, Lines, More, Same};

/// `{b}` is the bucket. In this order, each on what the ones before left.
const STEPS: &[(&str, Like)] = &[
    ("mb s3://{b}", Same),
    ("ls s3://{b}", Same),
    ("put one.txt s3://{b}/p/", Lines),
    ("put one.txt two.bin s3://{b}/p/", Lines),
    ("put one.txt s3://{b}/named", Lines),
    ("put -r tree s3://{b}/with/", Lines),
    ("put -r tree/ s3://{b}/t/", Lines),
    ("put -r --exclude *.bin tree s3://{b}/e/", Lines),
    ("put -r --exclude tree/sub/* --include *.txt tree s3://{b}/e2/", Lines),
    ("put -r --rexclude ^tree/[ab] tree s3://{b}/e3/", Lines),
    ("put -r --exclude * tree s3://{b}/e4/", Same),
    ("put -r --files-from list tree s3://{b}/l/", Lines),
    ("put --multipart-chunk-size-mb=5 large.bin s3://{b}/parts", Lines),
    ("put --disable-multipart large.bin s3://{b}/whole", Lines),
    ("put --rr one.txt s3://{b}/rr", Lines),
    ("put missing s3://{b}/", Same),
    ("put tree s3://{b}/", Same),
    ("put -r tree s3://{b}/x", Same),
    ("put one.txt s3://{b}-none/", Same),
    ("put one.txt", Same),
    ("ls s3://{b}", Same),
    ("ls s3://{b}/", Same),
    ("ls -r s3://{b}", Same),
    ("ls -l s3://{b}", Same),
    ("ls -l -H s3://{b}/p/", Same),
    ("ls --list-md5 s3://{b}", Same),
    ("ls s3://{b}/p", Same),
    ("ls s3://{b}/p*", Same),
    ("ls s3://{b}-none", Same),
    ("du s3://{b}", Same),
    ("du -H s3://{b}/t/", Same),
    ("du s3://{b}/nothing", Same),
    ("info s3://{b}", Same),
    ("info s3://{b}/named", More),
    ("info s3://{b}/parts", More),
    ("info s3://{b}/missing", Same),
    ("get s3://{b}/named", Lines),
    ("get s3://{b}/named", Same),
    ("get --force s3://{b}/named", Lines),
    ("get --skip-existing s3://{b}/named", Same),
    ("get s3://{b}/p/one.txt got", Lines),
    ("get s3://{b}/named -", Same),
    ("get -r s3://{b}/t/ down/", Lines),
    ("get -r --exclude *.bin s3://{b}/with/ down2/", Lines),
    ("get -r s3://{b}/with/tree down3/", Lines),
    ("get -r --exclude * s3://{b}/t/ down4/", Same),
    // There is nothing below it: told, and not taken for done.
    ("get -r s3://{b}/nothing/ down5/", Ends(0, 12)),
    ("get s3://{b}/missing", Ends(64, 12)),
    ("cp s3://{b}/named s3://{b}/copy", Same),
    ("cp s3://{b}/named s3://{b}/c/", Same),
    ("cp -r s3://{b}/t/ s3://{b}/ct/", Lines),
    ("cp -r --exclude *.bin s3://{b}/t/ s3://{b}/ce/", Lines),
    ("cp s3://{b}/missing s3://{b}/x", Same),
    ("mv s3://{b}/copy s3://{b}/moved", Same),
    ("mv -r s3://{b}/ct/ s3://{b}/mt/", Lines),
    ("mv s3://{b}/missing s3://{b}/x", Same),
    ("modify --add-header=x-amz-meta-colour:blue s3://{b}/named", Same),
    ("modify -r --add-header=x-amz-meta-colour:blue s3://{b}/mt/", Lines),
    ("setacl --acl-public s3://{b}/named", Same),
    ("setacl --acl-private s3://{b}/named", Same),
    ("setacl -r --acl-public s3://{b}/mt/", Lines),
    ("setacl --acl-public s3://{b}/missing", Same),
    // It is so already: s3cmd says nothing then.
    ("setacl --acl-private s3://{b}", Code),
    ("settagging s3://{b}/named a=1&b=2", Same),
    ("gettagging s3://{b}/named", Same),
    ("deltagging s3://{b}/named", Same),
    ("settagging s3://{b} a=1", Same),
    ("gettagging s3://{b}", Same),
    ("deltagging s3://{b}", Same),
    ("setversioning s3://{b} enable", Same),
    ("info s3://{b}", Same),
    ("setversioning s3://{b} disable", Same),
    ("setownership s3://{b} BucketOwnerPreferred", Same),
    ("setblockpublicaccess s3://{b} BlockPublicAcls,IgnorePublicAcls", Same),
    ("info s3://{b}", Same),
    ("setblockpublicaccess s3://{b} IgnorePublicAcls", Same),
    ("payer s3://{b} --requester-pays", Same),
    ("payer s3://{b}", Same),
    ("setcors cors.xml s3://{b}", Same),
    ("delcors s3://{b}", Same),
    ("setlifecycle lifecycle.xml s3://{b}", Same),
    // JSON that `setlifecycle` takes, not XML.
    ("getlifecycle s3://{b}", Code),
    ("dellifecycle s3://{b}", Same),
    ("expire s3://{b} --expiry-days=2 --expiry-prefix=x/", Same),
    ("info s3://{b}", Same),
    ("expire s3://{b} --expiry-prefix=x/", Same),
    ("expire s3://{b}", Same),
    ("info s3://{b}", Same),
    ("setnotification notification.xml s3://{b}", Same),
    ("getnotification s3://{b}", Code),
    ("delnotification s3://{b}", Same),
    ("ws-create s3://{b} --ws-index=i.html --ws-error=e.html", Same),
    // Only a provider that has websites has an address for them.
    ("ws-info s3://{b}", Code),
    ("ws-delete s3://{b}", Same),
    ("ws-info s3://{b}", Same),
    ("accesslog s3://{b}", Same),
    ("accesslog s3://{b} --access-logging-target-prefix s3://{b}/log/", Same),
    ("accesslog s3://{b} --no-access-logging", Same),
    ("multipart s3://{b}", Same),
    ("listmp s3://{b}/x none", Same),
    ("abortmp s3://{b}/x none", Same),
    ("sign text", Same),
    ("--signature-v2 signurl s3://{b}/named 1900000000", Same),
    ("fixbucket s3://{b}", Same),
    // s3cmd: not allowed (77). It is the state of the object that is at fault.
    ("restore s3://{b}/named", Ends(77, 11)),
    ("sync --dry-run tree/ s3://{b}/s/", Lines),
    ("sync tree/ s3://{b}/s/", Lines),
    ("sync tree/ s3://{b}/s/", Same),
    ("sync --delete-removed --exclude sub/* tree/ s3://{b}/t/", Lines),
    ("sync s3://{b}/s/ synced/", Lines),
    ("sync s3://{b}/s/ synced/", Same),
    ("sync s3://{b}/s/ s3://{b}/s2/", Lines),
    ("sync --delete-removed --max-delete=1 empty/ s3://{b}/s2/ --force", Same),
    ("get -r --delete-after-fetch s3://{b}/s2/ fetched/", Lines),
    ("del s3://{b}/named", Same),
    ("del s3://{b}/missing", Same),
    ("del s3://{b}/p/one.txt s3://{b}/p/two.bin", Lines),
    ("del -r --exclude *.bin s3://{b}/s/", Lines),
    ("del -r --max-delete=1 s3://{b}/with/", Same),
    ("del -r --max-delete=9 s3://{b}/with/", Lines),
    ("del -r s3://{b}/nothing/", Same),
    ("del s3://{b}", Same),
    ("del -r s3://{b}", Same),
    ("rb s3://{b}", Same),
    ("del -r --force s3://{b}", Lines),
    ("rb s3://{b}", Same),
    ("rb s3://{b}", Same),
];

/// A folder for each, with the same in both.
fn folders(world: &World) {
    for place in ["a", "b"] {
        for name in ["tree/a.txt", "tree/b.bin", "tree/sub/c.txt", "tree/sub/d.bin"] {
            world.write(&format!("{place}/{name}"), name);
        }
        world.write(&format!("{place}/one.txt"), "one");
        world.write(&format!("{place}/two.bin"), "two");
        world.write(&format!("{place}/large.bin"), noise(17 << 20, 5));
        world.write(&format!("{place}/list"), "a.txt\nsub/d.bin\n");
        let rule = "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>\
                    <AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>";
        world.write(&format!("{place}/cors.xml"), rule);
        let rule = "<LifecycleConfiguration><Rule><ID>x</ID><Filter><Prefix>p/</Prefix></Filter>\
                    <Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>\
                    </LifecycleConfiguration>";
        world.write(&format!("{place}/lifecycle.xml"), rule);
        world.write(&format!("{place}/notification.xml"), "<NotificationConfiguration/>");
        for folder in ["down", "down2", "down3", "down4", "down5", "synced", "empty", "fetched"] {
            std::fs::create_dir_all(world.path(&format!("{place}/{folder}"))).unwrap();
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    let plain = |line: &str| {
        let end = [" (", "  ["].iter().filter_map(|mark| line.find(mark)).min();
        line[..end.unwrap_or(line.len())].trim_end().to_owned()
    };
    let mut lines: Vec<String> = text
        .lines()
        // s3cmd's words on how much there is, how long it took, and what it leaves out.
        .filter(|line| {
            !["Done. ", "Summary: ", "exclude: "].iter().any(|word| line.starts_with(word))
        })
        .map(plain)
        .collect();
    lines.sort();
    lines
}

pub fn verbs(tool: &PathBuf) {
    let world = World::new();
    folders(&world);
    let mut different = Vec::new();
    for (step, like) in STEPS {
        let words = |bucket: &str| -> Vec<String> {
            step.split(' ').map(|word| word.replace("{b}", bucket)).collect()
        };
        let mut theirs = Command::new(tool);
        world.surround(&mut theirs);
        theirs.env("LC_ALL", "C.UTF-8").arg("--no-progress").args(words("bucket-a"));
        let theirs = world.finish({
            theirs.current_dir(world.path("a"));
            theirs
        });
        let ours = world.finish({
            let mut ours = world.command(words("bucket-b"));
            ours.current_dir(world.path("b"));
            ours
        });
        let out = |ran: &Ran| {
            // What is signed for one bucket is not what is signed for the other.
            let text = masked(&ran.out).replace("bucket-a", "BUCKET").replace("bucket-b", "BUCKET");
            text.split("&Signature=").next().unwrap_or_default().to_owned()
        };
        let (a, b) = (out(&theirs), out(&ours));
        let alike = match like {
            Same => a == b,
            Lines => lines(&a) == lines(&b),
            More => {
                let said = |line: &str| b.lines().any(|ours| ours == line);
                // Times: two files, and two uploads of them.
                let times = ["x-amz-meta-s3cmd-attrs", "Last mod:"];
                let kept =
                    |line: &&str| !times.iter().any(|word| line.trim_start().starts_with(word));
                a.lines().filter(kept).all(said)
            }
            Code | Ends(..) => true,
        };
        let codes = match like {
            Ends(one, other) => (theirs.code, ours.code) == (*one, *other),
            _ => theirs.code == ours.code,
        };
        if !alike || !codes {
            different.push(format!(
                "{step} ({like:?})\n--- s3cmd {}\n{a}{}\n--- dipper {}\n{b}{}\n",
                theirs.code, theirs.err, ours.code, ours.err
            ));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}
