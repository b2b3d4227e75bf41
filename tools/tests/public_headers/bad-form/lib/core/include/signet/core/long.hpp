// pragma once
@@repeat 260: // one more line
