// A periodic cell with one elliptical fibre, as own_rve.prm reads it.
// Mesh it with:  gmsh -2 own_rve.geo -o own_rve.msh
L = 50;          // side of the square, in any unit: results do not depend on it
x = 22;  y = 27; // centre of the ellipse
a = 16;  b = 10; // its semi-axes along x and y

Point(1) = {0, 0, 0};
Point(2) = {L, 0, 0};
Point(3) = {L, L, 0};
Point(4) = {0, L, 0};
Line(1) = {1, 2}; // lower
Line(2) = {2, 3}; // right
Line(3) = {4, 3}; // upper
Line(4) = {1, 4}; // left
Point(5) = {x, y, 0};
Point(6) = {x + a, y, 0};
Point(7) = {x, y + b, 0};
Point(8) = {x - a, y, 0};
Point(9) = {x, y - b, 0};
Ellipse(5) = {6, 5, 6, 7};
Ellipse(6) = {7, 5, 6, 8};
Ellipse(7) = {8, 5, 6, 9};
Ellipse(8) = {9, 5, 6, 6};
Curve Loop(1) = {1, 2, -3, -4};
Curve Loop(2) = {5, 6, 7, 8};
Plane Surface(1) = {1, 2};
Plane Surface(2) = {2};

// Opposite sides get the same nodes.
Transfinite Curve {1, 2, 3, 4} = 15;
Transfinite Curve {5, 6, 7, 8} = 9;
Periodic Curve {2} = {4} Translate {L, 0, 0};
Periodic Curve {3} = {1} Translate {0, L, 0};

Physical Surface("matrix") = {1};
Physical Surface("fibre") = {2};

Recombine Surface {1, 2};          // quadrilaterals,
Mesh.RecombinationAlgorithm = 1;   // 3 where this leaves triangles,
Mesh.ElementOrder = 2;             // with mid-side nodes on the ellipse,
Mesh.SecondOrderIncomplete = 1;    // none in the centre,
Mesh.MshFileVersion = 4.1;         // in ASCII
Mesh.Binary = 0;
