"""The eighteen kecamatan of Palembang: where the project's story begins."""

from typing import Final

KECAMATAN: Final = (
    "Ilir Barat Dua",
    "Seberang Ulu Satu",
    "Seberang Ulu Dua",
    "Ilir Barat Satu",
    "Ilir Timur Satu",
    "Ilir Timur Dua",
    "Sukarami",
    "Sako",
    "Kemuning",
    "Kalidoni",
    "Bukitkecil",
    "Gandus",
    "Kertapati",
    "Plaju",
    "Alang-alang Lebar",
    "Sematangborang",
    "Jakabaring",
    "Ilir Timur Tiga",
)
"""In the order of their region codes, 16.71.01 to 16.71.18."""

STATIONS: Final = {f"1671-{number:02d}": name for number, name in enumerate(KECAMATAN, start=1)}
"""The kecamatan of each station."""
