//! A real drag: another program's window offers files, the mouse carries them over.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::stage::Stage;

/// Drags the paths from a window of their own onto the middle of an element. `hover` looks at the
/// window while they are held over it.
pub fn drag(stage: &Stage, paths: &[&Path], onto: &str, hover: impl FnOnce()) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/dragsrc.py");
    let mut source = stage
        .command("/usr/bin/python3")
        .arg(script)
        .args(paths)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = String::new();
    BufReader::new(source.stdout.take().unwrap()).read_line(&mut told).unwrap();
    assert_eq!(told.trim(), "ready");
    std::thread::sleep(Duration::from_millis(700));

    let (from_x, from_y) = (1425_i64, 250_i64);
    let (to_x, to_y) = stage.middle(onto);
    let move_to = |x: i64, y: i64| stage.mouse(&["mousemove", &x.to_string(), &y.to_string()]);
    move_to(from_x, from_y);
    stage.mouse(&["mousedown", "1"]);
    // GTK begins a drag after some pixels, and needs to see the way.
    let steps = 20;
    for step in 1..=steps {
        move_to(from_x + (to_x - from_x) * step / steps, from_y + (to_y - from_y) * step / steps);
        std::thread::sleep(Duration::from_millis(40));
    }
    move_to(to_x + 1, to_y);
    std::thread::sleep(Duration::from_millis(300));
    hover();
    move_to(to_x, to_y);
    std::thread::sleep(Duration::from_millis(150));
    stage.mouse(&["mouseup", "1"]);
    std::thread::sleep(Duration::from_millis(300));
    let _ = source.kill();
    let _ = source.wait();
}
