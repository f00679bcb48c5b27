//! Ways in which Graph has written the same thing differently, at other times or by mistake.

/// Switches of the wire format; all are off by default, which is what the contract recommends. Serialised by
/// the shell as `profile` of the options, by these names in camelCase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Profile {
    /// Notifications as in 2019: envelope and entries without `@odata.type`, no `resourceUrl`, and a `resource`
    /// `/app/calls/{ID}` whose ids are in capitals and without dashes (notifications.md 1, R-003).
    pub notifications_2019: bool,
    /// Entries without `resource`, as most pages show them.
    pub without_resource: bool,
    /// Updates of a call carry its `id`; else only those with meeting coordinates do.
    pub ids_in_updates: bool,
    /// `Running`, `Completed` and `Failed` with a capital.
    pub capital_status: bool,
    /// `code` and `subcode` of resultInfo as text, as in the samples of call-delete (endpoints.md 3).
    pub text_codes: bool,
    /// `subcode` in a failed transfer too, as the schema says; else `subCode` as in its samples.
    pub plain_subcode: bool,
    /// No leading slash in the URLs of hold music's operations (endpoints.md 11.4).
    pub missing_slash: bool,
    /// Rosters whose `info` says invitationParticipantInfo with a null id (endpoints.md 11.1), and an entry
    /// that says commsOperation at the end of configureMixer (endpoints.md 11.3).
    pub mislabelled_types: bool,
}
