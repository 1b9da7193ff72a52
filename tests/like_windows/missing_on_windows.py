"""Names of Python's own library that are missing on Windows.

Those alone that this program, or what it stands on, may come to ask for.
"""

# https://docs.python.org/3.13/library/os.html, where it says "Unix".
OF_OS = (
  *('fork', 'forkpty', 'register_at_fork', 'posix_spawn', 'posix_spawnp'),
  *('getuid', 'geteuid', 'getgid', 'getegid', 'getpgid', 'setsid', 'nice'),
  *('pread', 'preadv', 'pwrite', 'pwritev', 'openpty', 'mkfifo'),
  *('memfd_create', 'eventfd', 'eventfd_read', 'eventfd_write', 'sendfile'),
  *('statvfs', 'getloadavg', 'sched_getaffinity', 'killpg', 'fchmod'),
  *('O_NOFOLLOW', 'O_NONBLOCK', 'O_DIRECTORY', 'O_CLOEXEC', 'O_SYNC'),
  *('chown', 'lchown', 'wait3', 'wait4', 'fdatasync', 'sync'),
  *('fchdir', 'getpriority', 'setpriority'),
)
OF_SIGNAL = (
  *('SIGALRM', 'SIGPROF', 'SIGVTALRM', 'SIGHUP', 'SIGQUIT', 'SIGKILL'),
  *('SIGUSR1', 'SIGUSR2', 'SIGTSTP', 'SIGCHLD', 'SIGPIPE', 'SIGCONT'),
  *('alarm', 'setitimer', 'getitimer', 'pause', 'sigwait', 'pthread_kill'),
  *('pthread_sigmask', 'sigpending', 'ITIMER_REAL', 'ITIMER_PROF'),
)
MODULES = (
  'fcntl',
  'resource',
  'pwd',
  'grp',
  'termios',
  'tty',
  'pty',
  'syslog',
)
