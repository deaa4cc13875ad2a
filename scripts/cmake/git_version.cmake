# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes generated/understudy_version.h with the version and the git commit of the source tree.
execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  OUTPUT_VARIABLE UNDERSTUDY_GIT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git status --porcelain --untracked-files=no WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  OUTPUT_VARIABLE git_changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(git_changes)
  set(UNDERSTUDY_GIT_DIRTY true)
else()
  set(UNDERSTUDY_GIT_DIRTY false)
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/understudy_version.h.in
  ${PROJECT_BINARY_DIR}/generated/understudy_version.h @ONLY)
