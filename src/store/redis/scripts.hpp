#pragma once
/// The steps that are done inside of Redis, each one script. All keys of a script are in one slot: those of a run, or
/// those of an owner.
///
/// A run is one hash. Its fields are told apart by their names: one letter is a fact, digits a seat (the spans that are
/// taken), one byte from 128 on what seats a version changed, 16 bytes a hold (what changes of it), eight bytes the
/// number of a step (what never changes of the hold that it placed, or what else was done). The journal is the steps
/// whose numbers are larger than that of the last one that the record knows. The facts are e epoch, s open or closed,
/// d digest of what is pinned, n how many seats its coaches have, q what changes with each step (see script_parts.hpp),
/// of a lease z until when, k whose, f whether alone; and, where holds may be placed, g, which is epoch and half of the
/// digest.

#include <string>
#include <string_view>

namespace railbook::store::redis {

struct Script {
    std::string text;
    std::string sha;  ///< SHA-1, in hexadecimal: what EVALSHA names it by.
};

/// Shared by the scripts of runs: what may come instead of an answer.
///   none    Redis knows nothing of the run          old     it knows it from an epoch that is over
///   stale   the caller's epoch is over              closed  the run is the record's at the moment
///   busy    somebody moves the run
const Script& place_script();
const Script& extend_script();
const Script& release_script();
const Script& find_script();
const Script& look_script();
const Script& lease_script();
const Script& install_script();
const Script& trim_script();
const Script& hand_over_script();
const Script& leave_script();
const Script& draw_script();
const Script& reserve_script();
const Script& cancel_script();
const Script& note_hold_script();
const Script& note_answer_script();
const Script& forbid_script();
const Script& page_script();
const Script& grant_script();
const Script& begin_script();

}  // namespace railbook::store::redis
