//! Tells cargo that the site goes into the program when the `embed` feature is on.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_EMBED").is_none() {
        return;
    }
    println!("cargo::rerun-if-env-changed=TINDAHAN_SITE_DIR");
    match std::env::var("TINDAHAN_SITE_DIR") {
        Ok(folder) => println!("cargo::rerun-if-changed={folder}"),
        Err(_) => {
            println!("cargo::error=the `embed` feature needs TINDAHAN_SITE_DIR, the folder of a built site; scripts/build.sh sets it");
        }
    }
}
