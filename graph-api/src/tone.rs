//! Tones: what a person presses.

use serde::{Deserialize, Serialize};

open_enum! {
    /// tone.
    Tone {
        /// 0
        Tone0 = "tone0",
        /// 1
        Tone1 = "tone1",
        /// 2
        Tone2 = "tone2",
        /// 3
        Tone3 = "tone3",
        /// 4
        Tone4 = "tone4",
        /// 5
        Tone5 = "tone5",
        /// 6
        Tone6 = "tone6",
        /// 7
        Tone7 = "tone7",
        /// 8
        Tone8 = "tone8",
        /// 9
        Tone9 = "tone9",
        /// *
        Star = "star",
        /// #
        Pound = "pound",
        /// A
        A = "a",
        /// B
        B = "b",
        /// C
        C = "c",
        /// D
        D = "d",
        /// A flash of the hook.
        Flash = "flash",
    }
}

/// toneInfo (resources.md 4): says which tone, never who pressed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToneInfo {
    /// `#microsoft.graph.toneInfo`.
    #[serde(rename = "@odata.type")]
    pub odata_type: String,
    /// Counts from 1 in each call.
    pub sequence_id: i64,
    /// Which.
    pub tone: Tone,
}
