//! What the networks run on: `--device cpu`, `cuda`, `cuda:1`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, anyhow};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// A device as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum DeviceName {
    /// All cores of the processor (`RAYON_NUM_THREADS` limits them).
    #[default]
    Cpu,
    /// The CUDA device of that number.
    Cuda(usize),
}

impl DeviceName {
    /// The device.
    ///
    /// # Errors
    /// CUDA, where this program was built without it.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Cuda(number) => cuda(number),
        }
    }
}

/// Devices that work on one training, separated by commas on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DeviceNames(Vec<DeviceName>);

impl DeviceNames {
    /// The one that holds the weights.
    pub fn first(&self) -> DeviceName {
        self.0[0]
    }

    /// The devices, at least one.
    ///
    /// # Errors
    /// CUDA, where this program was built without it.
    pub fn open(&self) -> Result<Vec<Device>> {
        self.0.iter().map(|name| name.open()).collect()
    }
}

impl Default for DeviceNames {
    fn default() -> Self {
        Self(vec![DeviceName::default()])
    }
}

impl FromStr for DeviceNames {
    type Err = anyhow::Error;

    fn from_str(names: &str) -> Result<Self> {
        names.split(',').map(str::parse).collect::<Result<_>>().map(Self)
    }
}

impl TryFrom<String> for DeviceNames {
    type Error = anyhow::Error;

    fn try_from(names: String) -> Result<Self> {
        names.parse()
    }
}

impl From<DeviceNames> for String {
    fn from(names: DeviceNames) -> Self {
        names.to_string()
    }
}

impl fmt::Display for DeviceNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(DeviceName::to_string).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(feature = "cuda")]
fn cuda(number: usize) -> Result<Device> {
    Ok(Device::cuda(number))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<Device> {
    Err(anyhow!("this despoof was built without CUDA; build the trainer with `--features cuda`"))
}

impl FromStr for DeviceName {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let unknown = || anyhow!("no device {name:?}; there are cpu, cuda and cuda:NUMBER");
        match name.split_once(':') {
            None if name == "cpu" => Ok(Self::Cpu),
            None if name == "cuda" => Ok(Self::Cuda(0)),
            Some(("cuda", number)) => number.parse().map(Self::Cuda).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for DeviceName {
    type Error = anyhow::Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_devices_are_separated_by_commas() {
        let names: DeviceNames = "cuda:0,cuda:2".parse().expect("they are devices");
        assert_eq!(names.first(), DeviceName::Cuda(0));
        assert_eq!(names.to_string(), "cuda:0,cuda:2");
        for text in ["", "cpu,", "cuda:0;cuda:1"] {
            assert!(text.parse::<DeviceNames>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_are_read_and_others_refused() {
        for (text, name) in [
            ("cpu", DeviceName::Cpu),
            ("cuda", DeviceName::Cuda(0)),
            ("cuda:3", DeviceName::Cuda(3)),
        ] {
            assert_eq!(text.parse::<DeviceName>().expect("it is a device"), name);
            assert_eq!(name.to_string().parse::<DeviceName>().expect("it is a device"), name);
        }
        for text in ["gpu", "cuda:", "cuda:x", "cpu:1", ""] {
            let error = text.parse::<DeviceName>().expect_err("it is no device").to_string();
            assert!(error.contains("cuda:NUMBER"), "{error}");
        }
    }
}
