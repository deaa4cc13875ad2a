// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/atomic_file.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy
{
namespace
{
[[noreturn]] void fail_to_write(const std::string &path, const int error)
{
  throw WriteError("Cannot write '" + path + "': " + std::strerror(error) + ".");
}

/// A file descriptor that closes itself.
class Descriptor
{
public:
  explicit Descriptor(const int fd) : fd_(fd) {}
  ~Descriptor()
  {
    if (fd_ >= 0)
      ::close(fd_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;

  int get() const { return fd_; }
  /// Network file systems tell of a full disk only here. @return 0 or errno
  int close()
  {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0 ? 0 : errno;
  }

private:
  int fd_;
};

/// Some special files and file systems cannot be synchronised, which is not a failure to write.
bool is_failure(const int sync_error)
{
  return sync_error != EINVAL && sync_error != EROFS;
}

/// @return 0 or errno
int write_all(const int fd, std::span<const std::byte> bytes)
{
  while (!bytes.empty())
  {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

/// At the limit of the file size the system sends a signal that ends a program without a sentence.
/// Where it is ignored, write() returns EFBIG instead.
void ignore_size_signal()
{
  [[maybe_unused]] static const auto before = std::signal(SIGXFSZ, SIG_IGN);
}

/// Opens, writes, synchronises and closes. @return 0 or errno
int write_durably(const std::string &path, const int flags, std::span<const std::byte> bytes)
{
  ignore_size_signal();
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666));
  if (file.get() < 0)
    return errno;
  if (const int error = write_all(file.get(), bytes))
    return error;
  if (::fsync(file.get()) != 0 && is_failure(errno))
    return errno;
  return file.close();
}

bool is_device(const std::string &path)
{
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

std::string folder_of(const std::string &path)
{
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void rename_durably(const std::string &part, const std::string &target)
{
  if (::rename(part.c_str(), target.c_str()) != 0)
  {
    const int error = errno;
    ::unlink(part.c_str());
    fail_to_write(target, error);
  }
  sync_folder(folder_of(target));
}
} // namespace

void write_file_atomically(const std::string &path, std::span<const std::byte> bytes)
{
  if (is_device(path))
  {
    if (const int error = write_durably(path, 0, bytes))
      fail_to_write(path, error);
    return;
  }
  const std::string part = path + ".part";
  if (const int error = write_durably(part, O_CREAT | O_TRUNC, bytes))
  {
    ::unlink(part.c_str());
    fail_to_write(path, error);
  }
  rename_durably(part, path);
}

void write_file_atomically(const std::string &path, std::string_view text)
{
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void commit_file(const std::string &part, const std::string &target)
{
  int error = 0;
  {
    Descriptor file(::open(part.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 || (::fsync(file.get()) != 0 && is_failure(errno)))
      error = errno;
  }
  if (error != 0)
  {
    ::unlink(part.c_str());
    fail_to_write(target, error);
  }
  rename_durably(part, target);
}

void create_folder(const std::string &folder)
{
  std::error_code error;
  if (std::filesystem::is_directory(folder, error))
    return;
  std::filesystem::create_directories(folder, error);
  if (error)
    fail_to_write(folder, error.value());
  std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename()) // the path ended in a slash
    path = path.parent_path();
  sync_folder(path.parent_path().string());
}

void remove_file(const std::string &file)
{
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error)
    throw WriteError("Cannot remove '" + file + "': " + error.message() + ".");
}

void sync_folder(const std::string &folder)
{
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || (::fsync(directory.get()) != 0 && is_failure(errno)))
    fail_to_write(folder, errno);
}

std::string read_file(const std::string &path)
{
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0)
    throw UserError("Cannot read '" + path + "': " + std::strerror(errno) + ".");
  std::string text;
  std::size_t used = 0;
  struct stat status;
  if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode))
    text.resize(static_cast<std::size_t>(status.st_size));
  while (true)
  {
    if (used == text.size())
      text.resize(used + (1 << 16));
    const ssize_t n = ::read(file.get(), text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      throw UserError("Cannot read '" + path + "': " + std::strerror(errno) + ".");
    if (n == 0)
      break;
    used += static_cast<std::size_t>(n);
  }
  text.resize(used);
  return text;
}
} // namespace understudy
