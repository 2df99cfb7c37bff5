//! Known answers, made without any code of Dipper: by `tests/vectors.py` from the formats'
//! descriptions, by GnuPG 2.2.40, and by rclone 1.75.2. They hold on machines that have none of these.

use dipper_crypt::{
    AgeIdentity, DecryptKeys, Format, Names, NamesOptions, RcloneKeys, Recipe, sniff,
};
use sha2::{Digest, Sha256};

use crate::support::{PASSPHRASE, decrypt, encrypt, secret};

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 256) as u8).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn passphrase() -> DecryptKeys {
    DecryptKeys::new().with_passphrase(secret(PASSPHRASE))
}

/// Recipe, and the SHA-256 of the files that it makes of contents of five lengths.
fn makes(recipe: &str, sums: [(usize, &str); 5]) {
    let recipe = Recipe::from_bytes(&bytes(recipe)).unwrap();
    for (len, sum) in sums {
        let cipher = encrypt(&recipe, &content(len));
        assert_eq!(hex::encode(Sha256::digest(&cipher)), sum, "{recipe:?} {len}");
    }
}

#[test]
fn openpgp_files_are_as_described() {
    makes(
        OPENPGP_RECIPE,
        [
            (0, "0455bf6ba14fe8b820636b5f7ceb8672a928516c8d706ae285f5f33dfc80d5a3"),
            (1, "0727d036706808cca829b38c1a2ec84caa650e76f74d1fecdd8957b2f4eeebda"),
            (65536, "ade30ef7d94480c57da785fdfcfe80bdbdd917880d0ff9d737dec83f3723cb7d"),
            (65537, "1782d09ad6187530fe3438fdfae1a2f3fc44e0778a0b115e432c3cd7f849ca53"),
            (200000, "08fd743ea6981e6d95ebf93f74991b71c1a1e269432c6d766829ca9143ba8d29"),
        ],
    );
}

#[test]
fn age_files_are_as_described() {
    makes(
        AGE_RECIPE,
        [
            (0, "406c26732a94e84de424c635d740af39216acf841321026162d321d970dd672e"),
            (1, "e3e429c61f0a7ae4519ae728f92dd90297bffc6eda825f04d49673b88eaf9bce"),
            (65536, "ab2f3d282fcd945279e0c19edfec8eca391404bec65eb8aa6d76b58411865002"),
            (65537, "0c23496b37a52240bf1f32350d6a8e25d9e2e0b1228030360a0b06a8025ce751"),
            (200000, "dd933c19c451ca237d7b0ffc74b588d147120b6f2d918a24549fdcd1ef0520a6"),
        ],
    );
}

#[test]
fn rclone_files_are_as_described() {
    makes(
        RCLONE_RECIPE,
        [
            (0, "75db9c5efae3c3b018fb8ce444bc44e910d94f9b26f34bc5ab942f149366e964"),
            (1, "cc5edd5edd4d4b813a1314d51ad498b24dc21807754418d15b33f2fb181c6806"),
            (65536, "ac778d89161f178ff4f843b61db7c16bffad2e97e4d781323c7ab222bfe7f085"),
            (65537, "1a4d004a796a539237c59e865b63ee5309e5772969e3128d07e09cddc31b9950"),
            (200000, "a2139a09ff370ef702a12c857a788de49abeac6a8c081224b86c5677ec8d2380"),
        ],
    );
}

#[test]
fn files_of_others_are_read() {
    assert_eq!(decrypt(&passphrase(), &bytes(OPENPGP_FILE)).unwrap(), content(100));
    assert_eq!(decrypt(&passphrase(), &bytes(OPENPGP_OCB_FILE)).unwrap(), content(300));
    assert_eq!(decrypt(&passphrase(), &bytes(AGE_SCRYPT_FILE)).unwrap(), content(100));
    // Bech32 of the 32 bytes 3, as every age writes it.
    let identity = AgeIdentity::parse(&secret(AGE_IDENTITY), None).unwrap();
    let keys = DecryptKeys::new().with_identities(identity);
    assert_eq!(decrypt(&keys, &bytes(AGE_FILE)).unwrap(), content(100));
}

#[test]
fn files_of_gnupg_are_read() {
    for (name, file) in GNUPG {
        let file = bytes(file);
        assert_eq!(sniff(&file), Some(Format::OpenPgp), "{name}");
        assert_eq!(decrypt(&passphrase(), &file).unwrap(), content(100).repeat(3), "{name}");
        // Each byte counts here, too: the last of the check, and one in the middle.
        for at in [file.len() - 1, file.len() / 2] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(decrypt(&passphrase(), &changed).is_err(), "{name}");
        }
    }
}

/// LibrePGP's chunks: one that was changed, left out, or moved, and an end that was cut off.
#[test]
fn ocb_files_are_checked() {
    let file = bytes(OPENPGP_OCB_FILE);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(decrypt(&passphrase(), &changed).is_err(), "byte {at}");
        assert!(decrypt(&passphrase(), &file[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn names_are_as_rclone_makes_them() {
    let keys = RcloneKeys::derive(&secret(PASSPHRASE), Some(&secret("second"))).unwrap();
    for (mode, encoding, plain, sealed) in NAMES {
        let options = NamesOptions {
            mode: mode.parse().unwrap(),
            encoding: encoding.parse().unwrap(),
            ..NamesOptions::default()
        };
        let names = Names::new(&keys, options);
        assert_eq!(names.encrypt_key(plain).unwrap(), sealed, "{mode} {encoding}");
        assert_eq!(names.decrypt_key(sealed).unwrap(), plain, "{mode} {encoding}");
    }
}

const AGE_IDENTITY: &str =
    "AGE-SECRET-KEY-1QVPSXQCRQVPSXQCRQVPSXQCRQVPSXQCRQVPSXQCRQVPSXQCRQVPS2PGGME";

const AGE_RECIPE: &str = "\
    01026be4a595361fa8af6176e7e831cde4772ac8533952d24f061d96fb8d3b2e8a2a6167652d656e63727970\
    74696f6e2e6f72672f76310a2d3e205832353531392072414779494a36474e552b3455794e37586544302b72\
    4538663876304d365963415a4e7059582f733851730a355058613178574e6365453751584677693962774443\
    58576a626d685057564a6b626a71446774616867670a2d2d2d20466c6c6f6c4d42473762587846656e786b45\
    2b6a54355354446935314a5a35426d39564a736947725270730a6465666768696a6b6c6d6e6f70717273";

const AGE_FILE: &str = "\
    6167652d656e6372797074696f6e2e6f72672f76310a2d3e205832353531392072414779494a36474e552b34\
    55794e37586544302b724538663876304d365963415a4e7059582f733851730a355058613178574e63654537\
    5158467769396277444358576a626d685057564a6b626a71446774616867670a2d2d2d20466c6c6f6c4d4247\
    3762587846656e786b452b6a54355354446935314a5a35426d39564a736947725270730a6465666768696a6b\
    6c6d6e6f707172739a4fa2564f3c35fd780b6d66b47241748316e26dc9c3e15cf4aabe70e9d02113c9f16e48\
    8b6145642bb0ba0c23e3daf84651545429fed6573fb8feb01c3a2e995966b2d1ab181b9d054f38ebace055a6\
    a713ab184c97c46ef6562728777cccd2e3d14942eeb9e1d4afc69bddbdb2c26002e5512c";

const AGE_SCRYPT_FILE: &str = "\
    6167652d656e6372797074696f6e2e6f72672f76310a2d3e20736372797074204d6a4d304e5459334f446b36\
    4f7a7739506a394151512031300a52622f4470487979633834576f5473754f715a6d34683947365a63427251\
    547a786d66513746576e7043630a2d2d2d2076367041556d47693335356169414549386f36464c3862413162\
    6c446e624e72676a4666503554724d4f510a6465666768696a6b6c6d6e6f707172739a4fa2564f3c35fd780b\
    6d66b47241748316e26dc9c3e15cf4aabe70e9d02113c9f16e488b6145642bb0ba0c23e3daf84651545429fe\
    d6573fb8feb01c3a2e995966b2d1ab181b9d054f38ebace055a6a713ab184c97c46ef6562728777cccd2e3d1\
    4942eeb9e1d4afc69bddbdb2c26002e5512c";

const RCLONE_RECIPE: &str = "\
    0103e036bbabebbc485a7e6e994efab37bf14b08d4bf1b38af91717e6675a3c99ecefeffffffffffffffff00\
    0102030405060708090a0b0c0d0e";

const OPENPGP_RECIPE: &str = "\
    0101000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f3c3d3e3f404142434445\
    464748494a4bc32e04090308000102030405060760f455319df0a75650ad3110339b666d27cf7912c66bd356\
    636389a52db00b585eda";

const OPENPGP_FILE: &str = "\
    c32e04090308000102030405060760f455319df0a75650ad3110339b666d27cf7912c66bd356636389a52db0\
    0b585edad29501cead3e896a08dd93edb6dc2d95673dcb2d4c814dce51de3eaa11a58ad2e3de756bcfacdaa8\
    9d1be8d79012acdaa9b45175d7278a6b648cb4cf233b16b7ec996fb7261b1a47ae6ff364269fb92596ec1d7c\
    a847d7cb8b4b3f5d178710cb1f3eae4173e912d55747313fe70b3d07b4f15b2a7788af73cfc086e2edc778ef\
    084e7f55f988b134a5a69d844dfc1c2698e5952a9bdeb9";

const OPENPGP_OCB_FILE: &str = "\
    c34d0509020308000102030405060760000102030405060708090a0b0c0d0e4097460745352e7079edbc0da3\
    9042b178a7beae90ca000a3b59aba04aaafd43f2cf7f77eda9912d3aa9534e479fa6a1d4c0e8010902001e1f\
    202122232425262728292a2b2c515c15daab5ad3434b3c81f6ba0eb38adb83b18f84ab930b68de12de9fae8d\
    faa0a35c1d810c1a84adea1d22fc1aff9fd6c85996a112019bd1a6d4a3bc247346453827f91ab8449f59ff99\
    2a633c510fb048cd037d3aa5f32056558164a9b1a30129a70bcce3360a74757533eb9e43e26bdae1f1a3c708\
    8b37504a2d7183a1219708bf7ae96b08cd030ad2fdbf6379075ae9eb134b95cf39d671d38b71039144e03d3b\
    9d52872a4ca687ea9f34b05592c8d6c4e2292751a639bee65149318e9cbda46871273af2480d736ccef3d136\
    0965c116737c42a53de7d98c7bd5622076fadf1fa6da31891dedd53d052c5bdfea575abcc4bfd58022a518ba\
    5e4fdfbe99f20462221f046adf8cc1d201667e6d1f559da4c73dbd019b8aa047f997beed19459055a6d00439\
    4bddfd029eb666e6fd57da855ae30bdb7f2c5ba13caf45b79e5b319f1e969e625d94cfc2081ad9015274e984\
    220c0519b226348335f2a414928665a2f3081bace2598c26a8012cb8ac53c71091a497a3279967e90240ae40\
    7eb42dbac335b46a2f71f8e967a81199e279a0799ad8";

/// Ciphers and compressions, each with little to hash.
const GNUPG: [(&str, &str); 4] = [
    (
        "default",
        "\
        8c0d04090302e8d3c22abee90b5a60d2a70124f56e2c4b0730143e94e036840acd7fbabb8349cea6b969\
        573bd019e8519deaaf918dd78a687f7491c8eac45c9fded26b67327dbc260c170e536f61a34d126fc366\
        e4184e96fbdd0c59307aa393c27737f675389c57dfe37e1314cbee487b859422e10ed133fbd8656ceb54\
        0e190aa2adac4476d90d8d6870fb805ce1527d7e4b1ba4ba90727557de6683426f6b7ca5380a916fe6c1\
        410f9ed37bfa886c21db5384e101b7b5",
    ),
    (
        "aes128-zlib",
        "\
        8c0d0407030217340a00b8a9863760d2ad01b97f82a1fc83d485476692e916d33dfc1b061e254319ecae\
        c2cc9f9011c48dbf2f112bdb67a4c38dbe4f8571c72f521c96a94420fd73528fd2d7212af16517d42db8\
        74f9b9a02aea8a86ee0e550088ad23ed09c8875802596962eab14ce35f61f43ff66fae1855c54b06f837\
        ec1b7f6d5f5c9191744a2bd3f0d858699c5e214074208879d5956495c070c902d3ce1582118cadd0e181\
        649b60e2b184f4c9c59d0df36dbce7992f7e5a563e20",
    ),
    (
        "3des-bzip2",
        "\
        8c0d04020302407337a7adaa3b4660d2c06601af3164a96ffb777c2ffe6dc82ccf47c82d22e233efff5a\
        98b3224f83a530a7fdafcd80b9aa36e4a2c886898cc05063575a3e149ccc48dfd837e6c6a117ea329002\
        ce735c3c249564166ff27be1606ab584b7346832ab0b8cc012fb943c7c8f8209ee89beb63b743a8f92cc\
        acda594d271fa91d84696316d925e3e6c5c5fcff08548dfd279e0d61350dd9880491249f6bfaf1d2598f\
        40c885592526bb2f2634740baa6d887862bc9aea2a4ce9d4644af559d4bcd58e4729326e3c62285f4bf1\
        b8f250f62e98e6b9fd1bd2226b9cbe1f38cb0fe5dedecf9e68c68b01cd984f57595cc0b1c801bf3b5999\
        30f02619ed4f40334767b3987c31f4b18e030b88a304ea97e68def6ce6d5574b5f31633c131e7df4771f\
        7634403810f25b6a3c1d5b64358dd3ace2b1",
    ),
    (
        "camellia-none",
        "\
        8c0d040d03021403bdaec6593ad160d2c0a301becd6a926fab1dba61f79becc6ef5190daeadaf4e868e1\
        245f41c82e5584e85db57fe866df7ae3e9f5e26112d8b771864ebd55e1bed5a16239a2a8061f0472550c\
        9268762ab8ac581ff54c6e739989e5a444f40c41501d997f2ecd179f2b826f32442501279478ee67203d\
        453261936ab4b5b742efd95b6113836d15b62f88c38c8360901363a5f8b9f7f4e9e4f773dbc2421fd16b\
        1ec5705faac77b4675572c70dba1c40f07c3a9ac33d37c2b8fadca5704b50ceb515272e6f3fe3dc59d96\
        7550fdaa1f18f881e87217234bdc9d2d21d0459feae62fa32268746ec94ee3dda10885495e9ab42f668d\
        2687100bd71974b70ef48179127ece5119890cc4239112a878856f2b62195ac31cb1cde7ea362dd89892\
        a6dc2eccfd1fba995d75aa7279f64ba0f05883e1896f6d2dbd553a2b043018110f399bce8e40c02e9c43\
        661ed794edbcb742dfd45cdbdcffc2f81bfeb9be9496e776aef57ca6f846c3d6334d9becdf",
    ),
];

const NAMES: [(&str, &str, &str, &str); 24] = [
    ("standard", "base32", "a", "1h5ojfcb7r4vhc3ojmo0qmk0gs"),
    (
        "standard",
        "base32",
        "folder/file.txt",
        "feqkc2oq3av1jl3mjvskioh26k/40cabv4ensefl2c93r15v0c0hc",
    ),
    (
        "standard",
        "base32",
        "exactly 16 bytes",
        "39e74h8iqimcrqho0r656f7sft0s3dcptcjr2m3r4l3f0vpoffk0",
    ),
    (
        "standard",
        "base32",
        "Grüße/Öl – 10€.pdf",
        "t665sbc8fl430fkq4c807ev5is/e7k7k826m7l127u20le9cqs21gfj54ane96mb1kk9s8nhrrsp3s0",
    ),
    (
        "standard",
        "base32",
        "!x/日本語 😀.txt",
        "tdnkm8ksadm6i4vpk300k5kgjo/0p5a85atctcii2unm6emkjmiujljoge0m63c0u6tfbt8jg73tqjg",
    ),
    (
        "standard",
        "base32",
        "report-v2024-02-29-235959-123.pdf",
        "lqn2p1povol1tdcmu801btpb60-v2024-02-29-235959-123",
    ),
    ("standard", "base64", "a", "DEuJvYs-yfiweJ2wDVqAhw"),
    ("standard", "base64", "folder/file.txt", "e7VGCxoavhnUdp_5SWIiNQ/IBil_I6_HPqJiR7CX4GAiw"),
    ("standard", "base64", "exactly 16 bytes", "GlxyRRLUrM3qOAbMUzz8f0HBtZnrJ7FYeyVG8H84e-g"),
    (
        "standard",
        "base64",
        "Grüße/Öl – 10€.pdf",
        "6YxeLYh9SDA-miMQA7vllw/ceh6IEax6hEfwgVclmuCDB8ykVdyTWWGlE8ReO98yPg",
    ),
    (
        "standard",
        "base64",
        "!x/日本語 😀.txt",
        "629LIpxTbGkT-aDAChaQng/BkqkFV1nWSkL17Gdak7S9Os8QcCxhsB43Xr6icDj7qc",
    ),
    (
        "standard",
        "base64",
        "report-v2024-02-29-235959-123.pdf",
        "rq4shzj-Kh61lvIAFfcrMA-v2024-02-29-235959-123",
    ),
    ("standard", "base32768", "a", "ᰅ裏埇鋿毣裖虺胠機"),
    ("standard", "base32768", "folder/file.txt", "携矢覣剁甃胟飲袂䄿/㙌俟㠗頯窬䪻ᘿᆀ江"),
    ("standard", "base32768", "exactly 16 bytes", "ⴎ䋑䢚焬閱虻㻦捜昀雍妝壛⣃鋵㐠ꚸ摔ɟ"),
    (
        "standard",
        "base32768",
        "Grüße/Öl – 10€.pdf",
        "鬦㷋坯竣ሴ軬䙇扅牟/彔䓈♶䓡⚞▵後釢ᯏ猄兎䬖劔瞜䤱關諜ɟ",
    ),
    (
        "standard",
        "base32768",
        "!x/日本語 😀.txt",
        "鰗礨秪崦滿賣Ҵ㳐痟/ᒥ佥刌鯲溾蔦愴甲ꄕ異并㺬ᕆ鱋魳权鶳ʟ",
    ),
    (
        "standard",
        "base32768",
        "report-v2024-02-29-235959-123.pdf",
        "綷⤡赿褁鰌舨ԋ鶋㺿-v2024-02-29-235959-123",
    ),
    ("obfuscate", "base32", "a", "97.q"),
    ("obfuscate", "base32", "folder/file.txt", "124.xGDvwJ/46.uxAt.IMI"),
    ("obfuscate", "base32", "exactly 16 bytes", "200.xQtvMER 72 uRMxL"),
    ("obfuscate", "base32", "Grüße/Öl – 10€.pdf", "249.YJÌ¯w/10.Ôp \u{2028} 65\u{20c1}.thj"),
    ("obfuscate", "base32", "!x/日本語 😀.txt", "153.!!T/93.敍枔訆 🙨.FJF"),
    (
        "obfuscate",
        "base32",
        "report-v2024-02-29-235959-123.pdf",
        "4.OBMLOQ-v2024-02-29-235959-123.MAC",
    ),
];
