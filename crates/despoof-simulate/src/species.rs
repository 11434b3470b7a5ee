//! Kinds of presentation attack, to be listed, sampled and held out by name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What an attack is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Ink or dye on paper.
    Print,
    /// A photo or video shown on a display.
    Screen,
}

/// One attack instrument. Its name is kebab case, such as `print-bent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Species {
    /// A flat print, mostly filling the frame.
    PrintFlat,
    /// A print bent around an upright, lying or slanted axis.
    PrintBent,
    /// A print whose cut shows: the edge of a hand-held sheet, or a head cut out of it.
    PrintCut,
    /// Replay on a phone: mostly OLED, fine pixels, mirror-like glass.
    ScreenPhone,
    /// Replay on a tablet: IPS LCD, fine pixels, mirror-like glass.
    ScreenTablet,
    /// Replay on a laptop: TN or IPS LCD, tones that depend on the viewing angle.
    ScreenLaptop,
    /// Replay on a desktop monitor: coarse pixels, matt surface.
    ScreenMonitor,
}

impl Family {
    /// Both families.
    #[must_use]
    pub const fn all() -> [Self; 2] {
        [Self::Print, Self::Screen]
    }

    /// Its name: `print` or `screen`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::Screen => "screen",
        }
    }

    /// Its species.
    pub fn species(self) -> impl Iterator<Item = Species> {
        Species::all().into_iter().filter(move |species| species.family() == self)
    }
}

impl Species {
    /// All species, prints first.
    #[must_use]
    pub const fn all() -> [Self; 7] {
        [
            Self::PrintFlat,
            Self::PrintBent,
            Self::PrintCut,
            Self::ScreenPhone,
            Self::ScreenTablet,
            Self::ScreenLaptop,
            Self::ScreenMonitor,
        ]
    }

    /// The family it belongs to.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::PrintFlat | Self::PrintBent | Self::PrintCut => Family::Print,
            Self::ScreenPhone | Self::ScreenTablet | Self::ScreenLaptop | Self::ScreenMonitor => {
                Family::Screen
            }
        }
    }

    /// Its name, the one [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrintFlat => "print-flat",
            Self::PrintBent => "print-bent",
            Self::PrintCut => "print-cut",
            Self::ScreenPhone => "screen-phone",
            Self::ScreenTablet => "screen-tablet",
            Self::ScreenLaptop => "screen-laptop",
            Self::ScreenMonitor => "screen-monitor",
        }
    }
}

/// A name that belongs to no species or family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName(String);

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no attack species or family is named {:?}", self.0)
    }
}

impl std::error::Error for UnknownName {}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Species {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Family {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::all()
            .into_iter()
            .find(|family| family.name() == name)
            .ok_or_else(|| UnknownName(name.to_owned()))
    }
}

impl FromStr for Species {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::all()
            .into_iter()
            .find(|species| species.name() == name)
            .ok_or_else(|| UnknownName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_equal_the_serialised_ones() {
        for species in Species::all() {
            assert_eq!(species.name().parse(), Ok(species));
            assert!(species.name().starts_with(species.family().name()));
            let json = serde_json::to_string(&species).unwrap();
            assert_eq!(json, format!("{:?}", species.name()));
        }
        for family in Family::all() {
            assert_eq!(family.name().parse(), Ok(family));
        }
        assert!("mask".parse::<Species>().is_err());
    }

    #[test]
    fn every_species_is_in_exactly_one_family() {
        let listed: usize = Family::all().map(|family| family.species().count()).iter().sum();
        assert_eq!(listed, Species::all().len());
    }
}
