# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes OUTPUT, a header with the git commit of SOURCE, when it changed. Run with cmake -P at every build.
set(git git --no-optional-locks -c safe.directory=${SOURCE} -C ${SOURCE}) # the tree may belong to another user, as in containers
execute_process(COMMAND ${git} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND ${git} status --porcelain --untracked-files=no
  OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown) # an unpacked archive
endif()
if(changes)
  set(changed true)
else()
  set(changed false)
endif()
set(text "#pragma once\n\n#define UNDERSTUDY_GIT_COMMIT \"${commit}\"\n#define UNDERSTUDY_GIT_CHANGED ${changed}\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
  file(WRITE ${OUTPUT} "${text}")
endif()
