//! A bucket as AWS makes it today: ACLs off, public access blocked. Dipper says which setting, and
//! offers the way.

use dipper_app::sandbox_server::{Config, Sandbox};
use serde_json::json;

use crate::anonymous::get;
use crate::stage::Stage;

pub fn play() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { aws_defaults: true, ..Config::memory() };
    let server = runtime.block_on(Sandbox::start(config)).unwrap();
    runtime.block_on(server.seed("modern", 3)).unwrap();
    let mut stage = Stage::set();
    stage.open();
    stage.wait("[data-testid=welcome-connect]");
    let main = server.main();
    stage.invoke(
        "profile_save",
        json!({
            "id": null, "name": "Modern", "provider": "custom", "endpoint": server.endpoint(),
            "region": "us-east-1", "addressing": "path", "accessKeyId": main.access_key,
            "secretAccessKey": main.secret_key.expose(), "sessionToken": null, "keep": "session",
            "allowHttp": false,
        }),
    );
    stage.click("[data-testid=sidebar-profile][data-profile=modern]");
    stage.click("[data-testid=sidebar-bucket][data-bucket=modern]");
    stage.click("[data-testid=grid-row][data-index=\"0\"]");
    stage.wait("[data-testid=object-acl-off]");
    assert!(stage.text("[data-testid=object-acl-off]").contains("Bucket owner enforced"));
    stage.shot("30-acl-off");
    stage.click("[data-testid=object-acl-off] button");
    stage.wait("[data-testid=access-page]");
    let said = stage.text("[data-testid=access-page]");
    assert!(said.contains("Block") && said.contains("Bucket owner enforced"), "{said}");
    stage.shots("31-blocked");

    let url = format!("{}/modern/seed-00000000.txt", server.endpoint());
    assert_eq!(get(&url).0, 403);
    stage.click_for("[data-testid=access-public-allow]", "[data-testid=confirm-ok]");
    stage.click("[data-testid=confirm-ok]");
    stage.gone("[data-testid=access-public-allow]");
    stage.click_for("[data-testid=access-read-all]", "[data-testid=confirm-ok]");
    assert!(
        stage.text("[data-testid=confirm]").contains("PublicRead"),
        "the question shows the policy"
    );
    stage.shot("32-make-public");
    stage.click("[data-testid=confirm-ok]");
    stage.until("a stranger can read it", || get(&url).0 == 200);
    stage.click("[data-testid=access-read-all]");
    stage.until("a stranger can't read it any more", || get(&url).0 == 403);
}
