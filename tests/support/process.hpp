#pragma once
/// Programs that a test starts.

#include <string>
#include <vector>

#include <sys/types.h>

namespace railbook::test {

/// Starts a program, with its output added to a file. It ends, by that signal, when this process does. As root it runs
/// as that user, unless the name is empty. Its environment is this one's, in the locale C.
pid_t spawn(const std::vector<std::string>& words, const std::string& output, int last_signal,
            const std::string& user = {});
/// Its status, as waitpid() tells it.
int wait_for(pid_t child);
/// The program of that name on the PATH; empty where there is none.
std::string find_program(const std::string& name);
/// Where servers for tests keep their files: in memory, unless TMPDIR says otherwise.
std::string server_parent();
/// A new folder `railbook-KIND-PID-...` there; empty where there can be none. What was left there by processes that
/// were killed is removed first.
std::string make_server_folder(const std::string& parent, const std::string& kind);

}  // namespace railbook::test
