//! ROSE-Youtu (Li et al. 2018): `L_S_D_x_E_p_N.mp4`.

use anyhow::Result;
use regex::Regex;

use super::files::described_files;
use super::{Description, Layout, Listing, Request};

/// 20 persons; prints, screens and paper masks. The split is in papers, not in the set.
pub struct RoseYoutu;

impl Layout for RoseYoutu {
    fn name(&self) -> &'static str {
        "rose-youtu"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/…/G_NT_5s_g_E_2_1.mp4   (label_speaking_device_glasses_background_person_number)
  G live; Ps, Pq still and quivering print; Vl, Vm video on Lenovo and Mac; Mc, Mf, Mu, Ml paper masks"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let pattern = Regex::new(
            r"(?:^|/)(G|Ps|Pq|Vl|Vm|Mc|Mf|Mu|Ml)_(?:T|NT)_(?:HS|HW|IP|5s|ZTE)_(?:g|wg)_[^/_]+_(\d+)_\d+\.\w+$",
        )
        .expect("the pattern is valid");
        described_files(request, self, |path| {
            let described = |parts: regex::Captures| {
                let description = match &parts[1] {
                    "G" => Description::live(),
                    "Ps" => Description::attack("print", "still"),
                    "Pq" => Description::attack("print", "quivering"),
                    "Vl" => Description::attack("replay", "lenovo"),
                    "Vm" => Description::attack("replay", "mac"),
                    "Mc" => Description::attack("mask", "paper-cropped"),
                    "Mf" => Description::attack("mask", "paper-full"),
                    "Mu" => Description::attack("mask", "paper-upper"),
                    _ => Description::attack("mask", "paper-lower"),
                };
                description.of(&parts[2])
            };
            pattern.captures(path).map(described).into()
        })
    }
}
