// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/sha256.h>

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace understudy
{
struct Sha256::Context
{
  EVP_MD_CTX *evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context_(std::make_unique<Context>())
{
  if (EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL offers no SHA-256");
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes)
{
  if (EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) != 1)
    throw std::runtime_error("OpenSSL failed to compute a SHA-256");
}

void Sha256::update(std::string_view text)
{
  update(std::as_bytes(std::span(text)));
}

std::string Sha256::hex()
{
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context_->evp, digest.data(), &size) != 1)
    throw std::runtime_error("OpenSSL failed to compute a SHA-256");
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i)
  {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes)
{
  Sha256 sha;
  sha.update(bytes);
  return sha.hex();
}

std::string sha256_hex(std::string_view text)
{
  return sha256_hex(std::as_bytes(std::span(text)));
}

std::string sha256_of_file(const std::string &path)
{
  const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file)
    throw UserError("Cannot read '" + path + "': " + std::strerror(errno) + ".");
  Sha256 sha;
  std::vector<std::byte> buffer(1 << 20);
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    sha.update({buffer.data(), n});
  if (std::ferror(file.get()))
    throw UserError("Cannot read '" + path + "': " + std::strerror(errno) + ".");
  return sha.hex();
}
} // namespace understudy
