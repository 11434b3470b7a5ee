"""Makes the photos here that Rust's image crate cannot encode itself (Pillow 11: `pip install pillow`).

Every photo is 64×48: left half red, right half blue; `crates/despoof/tests/photo.rs` reads them.
"""

from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent


def two_halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> Image.Image:
    photo = Image.new("RGB", (64, 48), left)
    photo.paste(right, (32, 0, 64, 48))
    return photo


photo = two_halves((200, 30, 30), (30, 30, 200))
photo.convert("CMYK").save(HERE / "cmyk.jpg", quality=90)
photo.save(HERE / "progressive.jpg", quality=90, progressive=True)
second_frame = two_halves((30, 200, 30), (200, 200, 30))
photo.save(HERE / "animated.webp", save_all=True, append_images=[second_frame], lossless=True)
photo.save(HERE / "animated.png", save_all=True, append_images=[second_frame])
