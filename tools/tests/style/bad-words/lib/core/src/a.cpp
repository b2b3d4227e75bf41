int x;
// TO@@DO: later
/* FIX@@ME */ int y;  // X@@XX
#@@if 0
int z;
#endif
// HA@@CK	
