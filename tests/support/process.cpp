#include "support/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace railbook::test {

pid_t spawn(const std::vector<std::string>& words, const std::string& output, int last_signal,
            const std::string& user) {
    const auto* who = user.empty() || geteuid() != 0 ? nullptr : getpwnam(user.c_str());
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    if (who && (setgroups(0, nullptr) != 0 || setgid(who->pw_gid) != 0 || setuid(who->pw_uid) != 0)) _exit(126);
    prctl(PR_SET_PDEATHSIG, last_signal);
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    if (chdir("/") != 0) _exit(126);
    setenv("LC_ALL", "C", 1);
    execv(arguments[0], arguments.data());
    _exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders{std::string{path ? path : ""} + ":/usr/bin:/usr/local/bin"};
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto file = folder + '/' + name;
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

std::string server_parent() {
    const bool in_memory = !std::getenv("TMPDIR") && access("/dev/shm", W_OK) == 0;
    return in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
}

std::string make_server_folder(const std::string& parent, const std::string& kind) {
    const std::string prefix = "railbook-" + kind + '-';
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{parent, ignored}) {
        const auto name = entry.path().filename().string();
        if (!name.starts_with(prefix)) continue;
        const auto owner = std::strtol(name.c_str() + prefix.size(), nullptr, 10);
        const bool is_gone = owner > 0 && kill(static_cast<pid_t>(owner), 0) != 0 && errno == ESRCH;
        if (is_gone) std::filesystem::remove_all(entry.path(), ignored);
    }
    auto folder = parent + '/' + prefix + std::to_string(getpid()) + "-XXXXXX";
    return mkdtemp(folder.data()) ? folder : std::string{};
}

}  // namespace railbook::test
