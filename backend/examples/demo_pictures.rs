//! Writes the forms of the demonstration shop's pictures that are served, `demo/pictures/forms/NAME-WIDTH.{avif,webp}`: a new
//! shop then has nothing to encode beside its first shoppers. Run after a picture was retaken:
//!
//! `cargo run --release --package backend --example demo_pictures`

use std::path::Path;
use std::sync::Mutex;
use std::{env, fs, thread};

use backend::catalog::{self, PictureForm};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../demo/pictures");
    let forms = folder.join("forms");
    fs::create_dir_all(&forms)?;
    let mut pictures: Vec<_> = fs::read_dir(&folder)?.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    pictures.sort();
    let pictures = Mutex::new(pictures);
    let next = || pictures.lock().ok().and_then(|mut pictures| pictures.pop());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(picture) = next() {
                    let name = picture.file_stem().unwrap_or_default().to_string_lossy();
                    let made = fs::read(&picture).map_err(|error| error.to_string()).and_then(|bytes| {
                        for PictureForm { width, format, bytes } in catalog::forms(&bytes).map_err(|error| error.to_string())? {
                            fs::write(forms.join(format!("{name}-{width}.{format}")), bytes).map_err(|error| error.to_string())?;
                        }
                        Ok(())
                    });
                    match made {
                        Ok(()) => println!("{name}"),
                        Err(error) => eprintln!("{name}: {error}"),
                    }
                }
            });
        }
    });
    Ok(())
}
